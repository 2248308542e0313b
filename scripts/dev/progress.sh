# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # root and logs are set by ./dev
# Long work with its output in a log and a sign of life on the screen. Sourced by ./dev.

# logged NAME COMMAND…: output goes to build/logs/NAME.log, whose end is shown when the command
# fails. Ended after an hour: nothing of ours takes that long.
logged() {
  local log="$logs/$1.log"
  shift
  mkdir -p "$logs"
  watched "$log" 3600 "$@" || {
    tail -n 30 "$log" >&2
    return 1
  }
}

# watched LOG SECONDS COMMAND…: runs the command with its output in LOG, SECONDS at most, and
# meanwhile shows the log's last line: in place on a terminal, else once every 30 s. The command may
# be a function of ours: it runs in a new ./dev, because inside `if` or `||` a shell would go on
# after a failed step. `timeout` puts it into a process group, so that an interrupt ends all of it.
watched() {
  local log=$1 limit=$2 pid began=$SECONDS next=30 status=0
  shift 2
  timeout --kill-after=20 "$limit" "$root/dev" call "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # shellcheck disable=SC2064 # this very process
  trap "kill $pid 2>/dev/null; wait $pid 2>/dev/null; exit 130" INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    if [[ -t 2 ]]; then
      printf '\r\033[K  %s' "$(progress_of "$log" $((SECONDS - began)))" >&2
    elif ((SECONDS - began >= next)); then
      say "  $(progress_of "$log" $((SECONDS - began)))"
      next=$((next + 30))
    fi
    sleep 0.2
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [[ ! -t 2 ]] || printf '\r\033[K' >&2
  return "$status"
}

# progress_of LOG SECONDS: "1m05s  [12/340] Building CXX object …", short enough for a narrow
# terminal.
progress_of() {
  local last
  last=$(tail -c 4000 "$1" 2>/dev/null | tr '\r\033' '\n ' | sed '/^[[:space:]]*$/d' | tail -n 1)
  printf '%s  %s' "$(duration "$2")" "${last:0:68}"
}

# duration SECONDS: "48s", "3m05s".
duration() {
  if (($1 < 60)); then printf '%ds' "$1"; else printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); fi
}
