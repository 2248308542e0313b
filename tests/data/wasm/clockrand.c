// SPDX-License-Identifier: Apache-2.0
// clockrand: prints the wall clock and the monotonic clock in nanoseconds and 16 random bytes:
//   realtime NS
//   monotonic NS
//   random HEX
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int print_clock(const char* name, clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) {
    perror(name);
    return 1;
  }
  printf("%s %lld\n", name, (long long)now.tv_sec * 1000000000LL + now.tv_nsec);
  return 0;
}

int main(void) {
  unsigned char bytes[16];
  if (getentropy(bytes, sizeof bytes) != 0) {
    perror("random");
    return 1;
  }
  int failed = print_clock("realtime", CLOCK_REALTIME) | print_clock("monotonic", CLOCK_MONOTONIC);
  printf("random ");
  for (unsigned i = 0; i < sizeof bytes; ++i) {
    printf("%02x", bytes[i]);
  }
  putchar('\n');
  return failed;
}
