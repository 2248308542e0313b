# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # root and logs are set by ./dev
# ./dev lint: format, style, static checks. Sourced by ./dev.

# files_matching PATTERN…: tracked files and new ones that git does not ignore.
files_matching() { git ls-files -co --exclude-standard -- "$@" | sort -u; }

# changed_files: what differs from the upstream branch, or from the last commit where there is none.
changed_files() {
  local base
  base=$(git merge-base HEAD '@{upstream}' 2>/dev/null || git rev-parse HEAD)
  {
    git diff --name-only --diff-filter=d "$base"
    git ls-files -o --exclude-standard
  } | sort -u
}

lint_format() {
  local fix=$1 files
  # The headers of the C ABI are written by cbindgen.
  mapfile -t files < <(files_matching '*.cpp' '*.hpp' '*.c' '*.h' ':!native/include')
  if [[ $fix -eq 1 ]]; then
    clang-format-19 -i "${files[@]}"
  else
    clang-format-19 --dry-run --Werror "${files[@]}"
  fi
}

lint_style() {
  build_targets tidy skrei_style_test
  run_ctest tidy -R '^style$'
}

# Sources only: headers are seen through them. The database is that of the preset "tidy"; the
# precompiled header that its commands name has to exist.
lint_tidy() {
  local all=$1 files
  if [[ $all -eq 1 ]]; then
    mapfile -t files < <(files_matching 'src/*.cpp' 'tests/*.cpp' 'fuzz/*.cpp')
  else
    mapfile -t files < <(changed_files | grep -E '^(src|tests|fuzz)/.*\.cpp$' || true)
  fi
  [[ ${#files[@]} -gt 0 ]] || {
    echo "clang-tidy: no source has changed"
    return 0
  }
  cmake --preset tidy >/dev/null
  build_targets tidy skrei_pch
  printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy-19 -p build/tidy --quiet
}

lint_rust() {
  local fix=$1 check=--check
  [[ $fix -eq 0 ]] || check=""
  # shellcheck disable=SC2086 # one option or none
  cargo fmt --manifest-path native/Cargo.toml -- $check
}

lint_shell() {
  local files
  if ! have shellcheck; then
    echo "shellcheck is not here; shell scripts are not checked"
    return 0
  fi
  mapfile -t files < <(files_matching dev .ci/run '*.sh')
  shellcheck "${files[@]}"
}

cmd_lint() {
  local fix=0 all=0 arg step failed=()
  for arg in "$@"; do
    case $arg in
      --fix) fix=1 ;;
      --all) all=1 ;;
      *) die "lint knows --all and --fix, not \"$arg\"" "see: ./dev help" ;;
    esac
  done
  for step in "format $fix" "style" "shell" "rust $fix" "tidy $all"; do
    # shellcheck disable=SC2086 # name and option
    if logged "lint-${step%% *}" lint_$step; then
      say "${step%% *}: ok"
    else
      failed+=("${step%% *}")
    fi
  done
  [[ ${#failed[@]} -eq 0 ]] || die "lint found something in: ${failed[*]}" \
    "all of it: build/logs/lint-*.log; ./dev lint --fix mends the format"
}
