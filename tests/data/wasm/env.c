// SPDX-License-Identifier: Apache-2.0
// env [ARG…]: prints "arg N TEXT" for each argument from 0 on, then "env NAME=VALUE" for each
// variable, one a line.
#include <stdio.h>

extern char** environ;

int main(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) {
    printf("arg %d %s\n", i, argv[i]);
  }
  for (char** entry = environ; entry != NULL && *entry != NULL; ++entry) {
    printf("env %s\n", *entry);
  }
  return 0;
}
