// SPDX-License-Identifier: Apache-2.0
// writer [FOLDER [SPARSE_BYTES]]: fills FOLDER (/outputs unless named) with
//   hello.txt        "hello world\n"
//   empty            no byte
//   .hidden          "hidden\n"
//   folder/deep/er   "er\n"
//   emptyfolder/     nothing
//   link             a symbolic link to hello.txt
//   sparse.bin       SPARSE_BYTES bytes (10,000,000 unless named): zeros, and "end\n" at the end
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char* root = "/outputs";

static void die(const char* what) {
  perror(what);
  exit(1);
}

static const char* below_root(const char* name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", root, name);
  return path;
}

static void write_file(const char* name, const char* text) {
  FILE* out = fopen(below_root(name), "wb");
  if (out == NULL || fputs(text, out) == EOF || fclose(out) != 0) {
    die(name);
  }
}

static void make_folder(const char* name) {
  if (mkdir(below_root(name), 0755) != 0) {
    die(name);
  }
}

static void write_sparse(const char* name, long long size) {
  static const char end[] = "end\n";
  const long long tail = (long long)strlen(end);
  int fd = open(below_root(name), O_CREAT | O_WRONLY | O_TRUNC, 0644);
  if (fd < 0 || lseek(fd, size - tail, SEEK_SET) < 0 || write(fd, end, (size_t)tail) != tail ||
      close(fd) != 0) {
    die(name);
  }
}

int main(int argc, char** argv) {
  if (argc > 1) {
    root = argv[1];
  }
  write_file("hello.txt", "hello world\n");
  write_file("empty", "");
  write_file(".hidden", "hidden\n");
  make_folder("folder");
  make_folder("folder/deep");
  write_file("folder/deep/er", "er\n");
  make_folder("emptyfolder");
  if (symlink("hello.txt", below_root("link")) != 0) {
    die("link");
  }
  write_sparse("sparse.bin", argc > 2 ? atoll(argv[2]) : 10000000);
  return 0;
}
