// SPDX-License-Identifier: Apache-2.0
// escape: tries what a sandboxed guest must not get: files outside its folders, by absolute path,
// by "..", by a symbolic link that it makes itself, and a write into its inputs. Prints "refused
// WHAT" or "ALLOWED WHAT" a line each; the exit code is the number of attempts that were allowed.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int allowed = 0;

static void attempt(const char* what, const char* path, int flags) {
  int fd = open(path, flags, 0644);
  printf("%s %s\n", fd >= 0 ? "ALLOWED" : "refused", what);
  if (fd >= 0) {
    ++allowed;
    close(fd);
  }
}

int main(void) {
  attempt("absolute path", "/etc/passwd", O_RDONLY);
  attempt("parent of inputs", "/inputs/../etc/passwd", O_RDONLY);
  attempt("parent of outputs", "/outputs/../../../../../etc/passwd", O_RDONLY);
  attempt("write into inputs", "/inputs/new", O_CREAT | O_WRONLY);
  if (symlink("../../../../../etc/passwd", "/outputs/way_out") == 0) {
    attempt("own relative symlink", "/outputs/way_out", O_RDONLY);
    unlink("/outputs/way_out");
  } else {
    puts("refused making a symlink");
  }
  return allowed;
}
