// SPDX-License-Identifier: Apache-2.0
// recurse: calls itself until the stack is exhausted; the engine has to stop it, not the machine.
#include <stdio.h>

static volatile int deepest = 0;

// Its variables live in the engine's registers and frames: the guest's own stack in memory stays
// unused.
static int descend(int level) {
  deepest = level;
  return level == deepest ? descend(level + 1) + deepest : level;
}

int main(void) {
  printf("%d\n", descend(1));
  return 0;
}
