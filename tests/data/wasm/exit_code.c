// SPDX-License-Identifier: Apache-2.0
// exit_code CODE: exits with CODE, without a word.
#include <stdlib.h>

int main(int argc, char** argv) {
  return argc > 1 ? atoi(argv[1]) : 0;
}
