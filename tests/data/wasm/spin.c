// SPDX-License-Identifier: Apache-2.0
// spin: says "spinning" on stdout, then computes for ever; ends only by a limit or by being
// stopped.
#include <stdio.h>

int main(void) {
  puts("spinning");
  fflush(stdout);
  for (volatile unsigned long i = 0;; ++i) {
  }
}
