# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # root and logs are set by ./dev
# Programs of other people that tests talk to (tests/peers). Sourced by ./dev.

# setup_peers: sets SKREI_PEERS to a Python environment that holds tests/peers/requirements.txt. It
# is made once for each version of that file, and is whole or not there.
setup_peers() {
  local wanted=tests/peers/requirements.txt folder made
  [[ -z $(missing_of python3-venv) ]] || install_packages python3-venv
  folder="$SKREI_CACHE_DIR/peers-$(sha256sum "$wanted" | cut -c 1-16)"
  if [[ ! -e $folder/whole ]]; then
    made=$(mktemp -d "$folder.XXXXXX")
    /usr/bin/python3 -m venv "$made"
    "$made/bin/python3" -m pip install -q --no-deps -r "$wanted"
    touch "$made/whole"
    # Whoever was first wins; scripts of the environment hold its path, so they are run by python3.
    mv -T "$made" "$folder" 2>/dev/null || rm -rf "$made"
  fi
  export SKREI_PEERS=$folder
}
