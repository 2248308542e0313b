// SPDX-License-Identifier: Apache-2.0
// hog [LIMIT_MIB]: takes memory by the MiB and writes to every page of it, until it has LIMIT_MIB
// (exit 0) or is refused (exit 1, "refused after N MiB" on stderr). Without a limit it goes on
// until it dies.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  long limit = argc > 1 ? atol(argv[1]) : LONG_MAX;
  for (long taken = 0; taken < limit; ++taken) {
    // volatile, else the compiler may drop an allocation that nothing reads.
    char* volatile block = malloc(1 << 20);
    if (block == NULL) {
      fprintf(stderr, "refused after %ld MiB\n", taken);
      return 1;
    }
    memset(block, 0x5a, 1 << 20);
  }
  printf("took %ld MiB\n", limit);
  return 0;
}
