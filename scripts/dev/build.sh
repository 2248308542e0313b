# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # root and logs are set by ./dev
# ./dev build, bench, sim and fuzz. Sourced by ./dev.

# build_targets PRESET [TARGET…]: configures where needed and builds; no target means everything.
build_targets() {
  local preset=$1
  shift
  if ! have cmake || ! have ninja; then
    die "cmake or ninja is missing" "run: ./dev setup"
  fi
  [[ -f "build/$preset/build.ninja" ]] || cmake --preset "$preset" >&2
  ninja -C "build/$preset" -j "$(nproc)" "$@"
}

# build_quietly PRESET TARGET…: says one line when there is something to build, and the log's end
# when it fails.
build_quietly() {
  local preset=$1
  if [[ ! -f "build/$preset/build.ninja" ]]; then
    say "Building Skrei ($preset): about ten minutes the first time, seconds later."
    say "  log: build/logs/build-$preset.log"
  elif ! ninja -C "build/$preset" -n "${@:2}" 2>/dev/null | grep -q 'no work to do'; then
    say "Building what changed ($preset); log: build/logs/build-$preset.log"
  fi
  logged "build-$preset" build_targets "$@" ||
    die "the $preset build failed (its end is above)" "all of it: build/logs/build-$preset.log"
}

skrei_binary() {
  local binary="$root/build/$1/bin/skrei"
  [[ -x $binary ]] || die "the $1 build made no bin/skrei" "run: ./dev build $1"
  echo "$binary"
}

cmd_build() {
  local preset=${1:-release} presets
  [[ $# -le 1 ]] || die "build takes one preset" "single targets: ninja -C build/$preset TARGET"
  presets=$(cmake --list-presets | sed -n 's/^ *"\([a-z]*\)".*/\1/p' | tr '\n' ' ')
  [[ " $presets" == *" $preset "* ]] ||
    die "there is no preset \"$preset\"" "presets: $presets"
  if [[ $preset == fuzz ]]; then
    build_targets fuzz skrei_fuzzers
    say "Built: $root/build/fuzz/fuzz/"
  else
    build_targets "$preset"
    say "Built: $(skrei_binary "$preset")"
  fi
}

cmd_bench() {
  local name=${1:-} bench ran=0
  build_quietly release skrei skrei_benches
  mkdir -p build/bench
  if [[ -z $name || $name == load ]]; then
    build/release/bench/skrei_load --out build/bench/load.json
    ran=$((ran + 1))
  fi
  for bench in build/release/bench/bench_*; do
    [[ -x $bench && -f $bench ]] || continue
    [[ -z $name || ${bench##*/bench_} == "$name" ]] || continue
    "$bench" --benchmark_out="build/bench/${bench##*/bench_}.json" --benchmark_out_format=json
    ran=$((ran + 1))
  done
  if [[ $ran -eq 0 ]]; then
    die "there is no benchmark \"$name\"" \
      "there are: load $(cd build/release/bench && echo bench_* | sed 's/bench_//g')"
  fi
  say "JSON: $root/build/bench/"
}

# The simulator is built with optimisation; what must hold is checked in every build.
cmd_sim() {
  build_quietly release skrei_sim
  exec build/release/tests/sim/skrei_sim "$@"
}

fuzzer_names() {
  sed -n 's/^skrei_fuzzer(\([a-z0-9_]*\) .*/\1/p' fuzz/CMakeLists.txt
}

# fuzz_one NAME SECONDS [SEED]: new inputs that reach new code are kept in build/fuzz/corpus/NAME
# and used again. Without a seed each run takes its own way.
fuzz_one() {
  local name=$1 seconds=$2 seed=${3:-0} program="build/fuzz/fuzz/fuzz_$1"
  local corpus="build/fuzz/corpus/$1" findings="build/fuzz/findings/$1"
  mkdir -p "$corpus" "$findings"
  echo "fuzz $name for $seconds s"
  "$program" -seed="$seed" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=65536 -artifact_prefix="$findings/" -print_final_stats=1 \
    "$corpus" "${program}_seeds" || {
    echo "fuzz $name: FOUND a failing input; it is in $findings/"
    echo "to see it again: $program $findings/FILE"
    return 1
  }
}

cmd_fuzz() {
  local name=${1:-} seconds=${2:-60} names
  mapfile -t names < <(fuzzer_names)
  [[ ${#names[@]} -gt 0 ]] || die "fuzz/CMakeLists.txt declares no fuzzer yet"
  if [[ -z $name ]]; then
    say "Fuzzers: ${names[*]}"
  else
    [[ " ${names[*]} " == *" $name "* ]] ||
      die "there is no fuzzer \"$name\"" "there are: ${names[*]}"
    names=("$name")
  fi
  build_quietly fuzz "${names[@]/#/fuzz_}"
  for name in "${names[@]}"; do
    fuzz_one "$name" "$seconds"
  done
}
