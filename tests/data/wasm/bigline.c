// SPDX-License-Identifier: Apache-2.0
// bigline MB [CHARACTER]: writes MB times 1,000,000 characters ("x" unless named) to stdout,
// without any newline.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  static char block[100000];
  long megabytes = argc > 1 ? atol(argv[1]) : 100;
  memset(block, argc > 2 ? argv[2][0] : 'x', sizeof block);
  for (long i = 0; i < megabytes * 10; ++i) {
    if (fwrite(block, 1, sizeof block, stdout) != sizeof block) {
      perror("bigline");
      return 1;
    }
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
