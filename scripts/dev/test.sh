# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # root and logs are set by ./dev
# ./dev test: the lanes, one after the other, each with a budget. Sourced by ./dev.

# Lane, budget in seconds on two cores with empty caches, what it does.
readonly lanes=(
  "setup 240 packages and Rust"
  "rust 300 the Rust library and its tests"
  "asan 720 unit tests under ASan and UBSan, seeds of the fuzzers, style"
  "release 480 optimised build, simulated worlds, benchmarks for a moment"
  "tsan 240 async, http and the fake of the Rust library under TSan"
  "fuzz 240 every fuzzer for a while"
  "e2e 480 whole nodes, started and killed"
  "peers 300 the official Python SDK, and requests made from the OpenAPI document"
)
readonly lane_long="long 3600 what takes longer, and clippy"

lane_setup() { cmd_setup; }

lane_rust() {
  cargo build --release --locked --manifest-path native/Cargo.toml
  cargo test --release --locked --manifest-path native/Cargo.toml
}

lane_asan() {
  build_targets asan
  run_ctest asan -L '^unit$'
}

lane_release() {
  build_targets release skrei skrei_examples skrei_e2e_tests skrei_benches skrei_sim
  run_ctest release -L '^(bench|sim)$'
}

# Uninstrumented Rust makes TSan report what is not there: the preset links a C++ fake instead.
lane_tsan() {
  build_targets tsan skrei_async_test skrei_http_test skrei_native_test
  run_ctest tsan -R '^(async|http|native)$'
}

# All fuzzers share SKREI_FUZZ_SECONDS (default 60), at least 3 s each. They go the same way each
# time, so that a submission is not judged by luck; `./dev fuzz` is for looking further.
lane_fuzz() {
  local names name slice
  mapfile -t names < <(fuzzer_names)
  [[ ${#names[@]} -gt 0 ]] || return 0
  build_targets fuzz skrei_fuzzers
  slice=$((${SKREI_FUZZ_SECONDS:-60} / ${#names[@]}))
  for name in "${names[@]}"; do
    fuzz_one "$name" $((slice < 3 ? 3 : slice)) 1
  done
}

lane_e2e() {
  build_targets release skrei skrei_examples skrei_e2e_tests
  run_ctest release -L '^e2e$'
}

lane_peers() {
  setup_peers
  build_targets release skrei wasm_env
  run_ctest release -L '^peer$'
}

lane_long() {
  build_targets release skrei skrei_examples skrei_e2e_tests skrei_jobstore_sqlite_test
  run_ctest release -L '^long$' --timeout 1800
  cargo clippy --release --locked --manifest-path native/Cargo.toml --all-targets -- -D warnings
}

run_ctest() {
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" "$@"
}

# run_lane NAME BUDGET: its result in $lane_result, its seconds in $lane_seconds. A lane over its
# budget fails; one that takes twice its budget is ended.
run_lane() {
  local name=$1 budget=$2 began=$SECONDS status=0
  watched "$logs/test-$name.log" $((budget * 2)) "lane_$name" || status=$?
  lane_seconds=$((SECONDS - began))
  if [[ $status -eq 124 || $status -eq 137 ]]; then
    lane_result="ended after twice its budget"
  elif [[ $status -ne 0 ]]; then
    lane_result="FAILED"
  elif ((lane_seconds > budget)); then
    lane_result="over budget"
  else
    lane_result="ok"
  fi
}

# What stdout gets of a lane: ctest's closing lines, and on failure the end of its log and where it
# is.
tell_lane() {
  local name=$1 log="$logs/test-$1.log"
  if [[ $lane_result != ok ]]; then
    echo "---- $name: $lane_result; the end of build/logs/test-$name.log:"
    tail -n 60 "$log"
    echo "----"
  fi
  grep -E '^[0-9]+% tests passed, [0-9]+ tests? failed out of [0-9]+' "$log" | sed 's/^/  /' || true
}

cmd_test() {
  local entry name budget about factor=${SKREI_BUDGET_FACTOR:-1} began=$SECONDS failed=0
  local chosen=() table=() wanted=" " long=0 arg
  for arg in "$@"; do
    if [[ $arg == --long ]]; then
      long=1
    else
      printf '%s\n' "${lanes[@]}" "$lane_long" | grep -q "^$arg " ||
        die "there is no lane \"$arg\"" \
          "lanes: setup rust asan release tsan fuzz e2e peers, and --long"
      wanted+="$arg "
    fi
  done
  chosen=("${lanes[@]}")
  ((long == 0)) && [[ $wanted != *" long "* ]] || chosen+=("$lane_long")

  mkdir -p "$logs"
  for entry in "${chosen[@]}"; do
    read -r name budget about <<<"$entry"
    [[ $wanted == " " || $wanted == *" $name "* ]] || continue
    budget=$((budget * factor))
    echo "$name: $about"
    run_lane "$name" "$budget"
    tell_lane "$name"
    [[ $lane_result == ok ]] || failed=$((failed + 1))
    table+=("$(printf '%-8s %8s %8s   %s' "$name" "$(duration "$lane_seconds")" \
      "$(duration "$budget")" "$lane_result")")
  done

  printf '\n%-8s %8s %8s   %s\n' lane time budget result
  printf '%s\n' "${table[@]}"
  printf '%-8s %8s\n' total "$(duration $((SECONDS - began)))"
  ((failed == 0)) || exit 1
}
