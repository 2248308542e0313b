// SPDX-License-Identifier: Apache-2.0
// cat [PATH…]: copies each file, and of each folder every file below it in the order of names, to
// stdout. Without arguments: /inputs. A path that cannot be read is named on stderr and makes the
// exit code 1.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int failures = 0;

static void fail(const char* path) {
  fprintf(stderr, "cat: %s: %s\n", path, strerror(errno));
  failures = 1;
}

static void copy_file(const char* path) {
  FILE* in = fopen(path, "rb");
  if (in == NULL) {
    fail(path);
    return;
  }
  static char buffer[1 << 16];
  size_t size;
  while ((size = fread(buffer, 1, sizeof buffer, in)) > 0) {
    if (fwrite(buffer, 1, size, stdout) != size) {
      fail("stdout");
      break;
    }
  }
  if (ferror(in)) {
    fail(path);
  }
  fclose(in);
}

static void copy(const char* path) {
  struct stat info;
  if (stat(path, &info) != 0) {
    fail(path);
    return;
  }
  if (!S_ISDIR(info.st_mode)) {
    copy_file(path);
    return;
  }
  struct dirent** entries;
  int count = scandir(path, &entries, NULL, alphasort);
  if (count < 0) {
    fail(path);
    return;
  }
  for (int i = 0; i < count; ++i) {
    if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
      char child[4096];
      snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
      copy(child);
    }
    free(entries[i]);
  }
  free(entries);
}

int main(int argc, char** argv) {
  if (argc < 2) {
    copy("/inputs");
  }
  for (int i = 1; i < argc; ++i) {
    copy(argv[i]);
  }
  return fflush(stdout) == 0 ? failures : 1;
}
