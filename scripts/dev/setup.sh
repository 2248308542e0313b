# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # root and logs are set by ./dev
# ./dev setup: Debian's packages and Rust. Sourced by ./dev.

readonly rust_min=1.95.0

# What for | packages, by Debian 12's names.
readonly package_groups=(
  "compiler, linker, build | clang-19 lld-19 llvm-19 libclang-rt-19-dev libstdc++-12-dev cmake
    ninja-build ccache pkg-config"
  "the C compiler that Rust's build scripts call | gcc libc6-dev"
  "formatting and static checks | clang-format-19 clang-tidy-19"
  "libraries that Skrei links | libboost1.81-dev nlohmann-json3-dev libyaml-cpp-dev libcli11-dev
    libspdlog-dev libfmt-dev libsqlite3-dev libsqlitecpp-dev libarchive-dev libssl-dev
    libvalijson-dev prometheus-cpp-dev libseccomp-dev"
  "test libraries | libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev"
  "C and C++ for WebAssembly (examples, test modules) | wasi-libc libclang-rt-19-dev-wasm32
    libc++-19-dev-wasm32 libc++abi-19-dev-wasm32"
)

# missing_of PACKAGE…: those that are not installed.
missing_of() {
  local installed package
  # shellcheck disable=SC2016 # dpkg-query's own variables
  installed=$(dpkg-query -W -f='${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^ii //p' | tr '\n' ' ' || true)
  for package in "$@"; do
    [[ " $installed" == *" $package "* ]] || echo "$package"
  done
}

# need_root COMMAND: makes sure that as_root will work, before output in a log hides a question.
need_root() {
  [[ $(id -u) -ne 0 ]] || return 0
  have sudo || die "this needs root, and sudo is not here" "run as root: $*"
  # sudo asks on a terminal; off it, it fails at once instead of waiting for a password.
  if [[ -t 0 ]]; then sudo -v; else sudo -n true; fi || die "sudo refused" "run as root: $*"
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

check_distribution() {
  local name=""
  # shellcheck source=/dev/null
  [[ ! -r /etc/os-release ]] || name=$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")
  [[ $name != "debian 12" ]] || return 0
  die "this is \"${name:-unknown}\"; setup knows the packages of Debian 12 only" \
    "install the counterparts of those in scripts/dev/setup.sh, then set SKREI_SKIP_SETUP=1"
}

# Debian lets one version of Boost's headers be installed at a time. Removing the other is not for
# us to decide unseen.
check_boost_conflict() {
  local old
  # shellcheck disable=SC2016
  old=$(dpkg-query -W -f='${db:Status-Abbrev}${Package}\n' 'libboost*-dev' 2>/dev/null |
    sed -n 's/^ii //p' | grep -v '1\.81' | tr '\n' ' ' || true)
  [[ -z $old ]] || die "libboost1.81-dev cannot be installed beside: $old" \
    "if nothing of yours needs them: apt-get remove $old" \
    "then run ./dev setup again (the run-time libraries of Boost 1.74 may stay)"
}

setup_packages() {
  local group words missing wanted=()
  read -r -d '' -a words <<<"$(printf '%s ' "${package_groups[@]#*|}")" || true
  [[ -n $(missing_of "${words[@]}") ]] || return 0

  say "Installing from Debian:"
  for group in "${package_groups[@]}"; do
    read -r -d '' -a words <<<"${group#*|}" || true
    mapfile -t missing < <(missing_of "${words[@]}")
    [[ ${#missing[@]} -gt 0 ]] || continue
    say "  ${group%% |*}: ${missing[*]}"
    wanted+=("${missing[@]}")
  done
  if [[ " ${wanted[*]} " == *" libboost1.81-dev "* ]]; then
    check_boost_conflict
  fi
  install_packages "${wanted[@]}"
}

install_packages() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120)
  need_root "apt-get update && apt-get install --no-install-recommends $*"
  logged apt-update as_root "${apt[@]}" update ||
    die "apt-get update failed (its end is above)" "mend sources or network, then: ./dev setup"
  logged apt-install as_root "${apt[@]}" install -y --no-install-recommends "$@" ||
    die "apt-get install failed (its end is above)" "mend what it names, then: ./dev setup"
}

# rust_ok: is there a cargo, and a rustc that is new enough?
rust_ok() {
  local found
  have cargo && found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) && [[ -n $found ]] &&
    [[ $(printf '%s\n' "$found" "$rust_min" | sort -V | head -n 1) == "$rust_min" ]]
}

setup_rust() {
  ! rust_ok || return 0
  say "Installing Rust $rust_min by rustup: libp2p and the WASM engine are Rust libraries"
  if have rustup; then
    logged rustup rustup_toolchain || no_rust
  else
    have curl || install_packages curl ca-certificates
    logged rustup rustup_all || no_rust
    export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  fi
  rust_ok || no_rust
}

# The user's default toolchain stays as it is; the override holds inside this clone.
rustup_toolchain() {
  rustup toolchain install "$rust_min" --profile minimal --component clippy,rustfmt &&
    rustup override set "$rust_min" --path "$root"
}

rustup_all() {
  local script status=0
  script=$(mktemp)
  curl --proto '=https' --tlsv1.2 -sSf --connect-timeout 20 --max-time 120 -o "$script" \
    https://sh.rustup.rs &&
    sh "$script" -y --no-modify-path --profile minimal --component clippy,rustfmt \
      --default-toolchain "$rust_min" || status=$?
  rm -f "$script"
  return "$status"
}

no_rust() {
  die "Rust $rust_min or newer is needed, and rustup could not install it (build/logs/rustup.log)" \
    "install it your way, until rustc --version says $rust_min or more, then: ./dev setup"
}

cmd_setup() {
  local began=$SECONDS
  if [[ ${SKREI_SKIP_SETUP:-} == 1 ]]; then
    say "Set-up: skipped, as SKREI_SKIP_SETUP says."
    return 0
  fi
  check_distribution
  setup_packages
  setup_rust
  if ((SECONDS - began < 2)); then
    say "Set-up: nothing is missing."
  else
    say "Set-up: done in $(duration $((SECONDS - began)))."
  fi
}
