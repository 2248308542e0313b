// SPDX-License-Identifier: Apache-2.0
// sleep SECONDS: says "sleeping" on stdout, waits without using the processor, says "woke up",
// exits 0.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char** argv) {
  double seconds = argc > 1 ? atof(argv[1]) : 3600;
  struct timespec wait = {.tv_sec = (time_t)seconds};
  wait.tv_nsec = (long)((seconds - (double)wait.tv_sec) * 1e9);
  puts("sleeping");
  fflush(stdout);
  if (nanosleep(&wait, NULL) != 0) {
    perror("sleep");
    return 1;
  }
  puts("woke up");
  return 0;
}
