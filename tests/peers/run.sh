#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one Python test of this folder with the peers that `./dev test peers` installs. Without them
# it says so and exits 77, which ctest shows as skipped.
set -euo pipefail

python=${SKREI_PEERS:-}/bin/python3
if [[ ! -x $python ]]; then
  echo "skipped: SKREI_PEERS names no Python environment with tests/peers/requirements.txt;" \
    "./dev test peers makes it"
  exit 77
fi
cd "$(dirname "${BASH_SOURCE[0]}")"
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$1"
