// SPDX-License-Identifier: Apache-2.0
// trap: says "about to trap" on stdout, then executes the instruction "unreachable".
#include <stdio.h>

int main(void) {
  puts("about to trap");
  fflush(stdout);
  __builtin_trap();
}
