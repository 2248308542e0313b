// SPDX-License-Identifier: Apache-2.0
// bytes: writes all 256 byte values, 0 to 255, to stdout, then 255 to 0 to stderr. NUL, newline and
// what is no UTF-8 must arrive unchanged.
#include <stdio.h>

int main(void) {
  for (int value = 0; value < 256; ++value) {
    if (putchar(value) == EOF) {
      return 1;
    }
  }
  for (int value = 255; value >= 0; --value) {
    if (putc(value, stderr) == EOF) {
      return 1;
    }
  }
  return 0;
}
