#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `./dev demo` shows: one node, two data sets that every Debian machine has, two jobs, their
# results fetched back and checked. Everything lies in one temporary folder, which is gone at the
# end.
#   SKREI_BINARY    the program; SKREI_EXAMPLES  the folder of likeness.wasm and packages.wasm
set -euo pipefail

binary=${SKREI_BINARY:?run ./dev demo, which builds what this needs}
examples=${SKREI_EXAMPLES:?run ./dev demo, which builds what this needs}
work=$(mktemp -d "${TMPDIR:-/tmp}/skrei-demo.XXXXXX")
node_pid=""
port=""
began=$SECONDS

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'
else
  bold="" dim="" plain=""
fi

step() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
note() { printf '%s\n' "$*"; }
fail() {
  printf 'demo: %s\n' "$1" >&2
  if [[ -s $work/node.log ]]; then
    printf 'demo: the end of the node'\''s log:\n' >&2
    tail -n 20 "$work/node.log" >&2
  fi
  exit 1
}

# skrei ARGS…: a command against the demo's node, two minutes at most.
skrei() {
  timeout --foreground 120 "$binary" --api-host 127.0.0.1 --api-port "$port" \
    --data-dir "$work/node" "$@"
}

# typed ARGS…: shows the command as a person would type it, then runs it.
typed() {
  local shown=" $*"
  shown=${shown//$work\//}
  printf '%s$ skrei%s%s\n' "$dim" "${shown//$examples\//}" "$plain"
  skrei "$@"
}

# Processes of this demo: those whose command line names its folder.
left_over() {
  local file pid
  for file in /proc/[0-9]*/cmdline; do
    pid=${file#/proc/} pid=${pid%/cmdline}
    # A process may have gone since the folder was listed.
    if [[ $pid != "$$" && $pid != "$BASHPID" ]] && { tr '\0' ' ' <"$file"; } 2>/dev/null |
      grep -qF "$work/node"; then
      echo "$pid"
    fi
  done
}

# wait_for SECONDS COMMAND…: until the command succeeds; fails when the time is over.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

node_gone() { ! kill -0 "$node_pid" 2>/dev/null; }
nothing_left() { [[ -z $(left_over) ]]; }

# Ends the node by SIGTERM, as systemd would. Returns its exit code; 137 when it had to be killed.
stop_node() {
  local status=0 pid
  kill -TERM "$node_pid" 2>/dev/null || true
  wait_for 20 node_gone || kill -KILL "$node_pid" 2>/dev/null || true
  wait "$node_pid" || status=$?
  node_pid=""
  if ! wait_for 5 nothing_left; then
    status=1
    for pid in $(left_over); do
      note "demo: process $pid had not ended by itself: $(tr '\0' ' ' <"/proc/$pid/cmdline")" >&2
      kill -KILL "$pid" 2>/dev/null || true
    done
  fi
  return "$status"
}

clean_up() {
  local status=$?
  trap - EXIT INT TERM
  [[ -z $node_pid ]] || stop_node || true
  # Inputs lie there as read-only trees.
  chmod -R u+w "$work"
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A port on which nobody listens.
free_port() {
  local candidate try
  for ((try = 0; try < 50; ++try)); do
    candidate=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then
      echo "$candidate"
      return 0
    fi
  done
  fail "found no free port"
}

node_answers() {
  kill -0 "$node_pid" 2>/dev/null || fail "the node ended while it started"
  skrei agent alive >/dev/null 2>&1
}

start_node() {
  port=$(free_port)
  "$binary" --api-host 127.0.0.1 --api-port "$port" --data-dir "$work/node" serve \
    >"$work/node.log" 2>&1 </dev/null &
  node_pid=$!
  wait_for 30 node_answers || fail "the node did not answer within 30 s"
}

# The CID under which the job's result was published, from the record of its execution.
result_cid_of() {
  skrei job executions "$1" --output json | tr -d ' \n' |
    grep -o '"PublishedResult":{[^}]*{[^}]*}' | grep -o '"CID":"[a-z0-9]*"' | tail -n 1 |
    cut -d '"' -f 4
}

# new_job_id KNOWN: the id of the job that is not in the list KNOWN.
new_job_id() { skrei job list --output id | grep -vxF -e "$1" | head -n 1; }

checksums() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

# run_job MODULE DATA: adds the folder DATA, runs MODULE over it, fetches the result twice and
# compares.
run_job() {
  local module=$1 data=$2 name known input job result again
  name=$(basename "$module" .wasm)

  note "The folder becomes a tree of blocks; its CID is the hash of that tree, its name everywhere."
  typed data add "$data"
  input=$(skrei data add --quiet "$data")
  note
  note "The program runs in a sandbox: it sees /inputs (read-only), /outputs, and nothing else."
  known=$(skrei job list --output id)
  typed wasm run "$module" -i "ipfs://$input:/inputs" -o outputs:/outputs ||
    fail "the job ended with exit code $?"
  job=$(new_job_id "${known:-none}")
  result=$(result_cid_of "$job")
  [[ -n $result ]] || fail "job $job has no published result"
  note
  note "${bold}Result CID: $result${plain}"
  note
  note "Fetched back, once by the job and once by the CID, and checked:"
  typed job get "$job" --output-dir "$work/$name-by-job"
  typed data get "$result" --output-dir "$work/$name-by-cid"
  diff -r "$work/$name-by-job/outputs" "$work/$name-by-cid/outputs" ||
    fail "the two copies of the result differ"
  again=$(skrei data add --quiet "$work/$name-by-cid")
  [[ $again == "$result" ]] || fail "the fetched result hashes to $again, not to $result"
  note "  both copies are the same, and hash to the result CID again"
  checksums "$work/$name-by-cid/outputs" | sed 's|  \./|  |; s/^/  sha256 /'
}

main() {
  step "1  A node starts in $work"
  start_node
  note "It listens on 127.0.0.1:$port, has its own content store and runs WASM: no other daemon."

  step "2  Which free licences were written from one another? (/usr/share/common-licenses)"
  mkdir "$work/licences" "$work/packages"
  cp -a /usr/share/common-licenses/. "$work/licences/"
  run_job "$examples/likeness.wasm" "$work/licences"

  step "3  Where did this machine's disk go? (dpkg's table of installed packages)"
  cp /var/lib/dpkg/status "$work/packages/"
  run_job "$examples/packages.wasm" "$work/packages"

  step "4  What the node remembers"
  typed job list

  step "5  The node stops"
  stop_node || fail "the node did not stop cleanly (exit code $?)"
  note "Done in $((SECONDS - began)) s; nothing is left behind."
}

main
