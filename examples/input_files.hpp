// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>

/// What the examples share: reading every file of a job's inputs, writing one file of its outputs.
namespace examples {

struct InputFile {
  /// Below the folder that was read.
  std::string name;
  std::string text;
};

/// A job's own words for why it failed go to stderr; its exit code becomes the exit code of
/// `skrei`.
[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

inline std::string read_file(const std::string& path) {
  std::FILE* in = std::fopen(path.c_str(), "rb");
  if (in == nullptr) {
    fail("cannot open " + path);
  }
  std::string text;
  static char buffer[1 << 16];
  for (std::size_t size; (size = std::fread(buffer, 1, sizeof buffer, in)) > 0;) {
    text.append(buffer, size);
  }
  if (std::ferror(in) != 0) {
    fail("cannot read " + path);
  }
  std::fclose(in);
  return text;
}

inline void read_below(const std::string& path, const std::string& name,
                       std::vector<InputFile>& files) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    // A link that leads out of the inputs leads nowhere inside the sandbox.
    if (lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) {
      std::fprintf(stderr, "passed over %s: a link to nothing here\n", path.c_str());
      return;
    }
    fail("cannot find " + path);
  }
  if (S_ISREG(info.st_mode)) {
    files.push_back({name, read_file(path)});
    return;
  }
  DIR* folder = S_ISDIR(info.st_mode) ? opendir(path.c_str()) : nullptr;
  if (folder == nullptr) {
    fail("cannot read " + path);
  }
  while (const dirent* entry = readdir(folder)) {
    const std::string child = entry->d_name;
    if (child != "." && child != "..") {
      read_below(path + "/" + child, name.empty() ? child : name + "/" + child, files);
    }
  }
  closedir(folder);
}

/// Every file at or below `path`, sorted by name, so that the same inputs give the same outputs.
inline std::vector<InputFile> read_inputs(const std::string& path) {
  std::vector<InputFile> files;
  read_below(path, "", files);
  if (files.empty()) {
    fail("there is no file below " + path);
  }
  std::sort(files.begin(), files.end(),
            [](const InputFile& a, const InputFile& b) { return a.name < b.name; });
  return files;
}

inline void write_file(const std::string& path, const std::string& text) {
  std::FILE* out = std::fopen(path.c_str(), "wb");
  if (out == nullptr || std::fwrite(text.data(), 1, text.size(), out) != text.size() ||
      std::fclose(out) != 0) {
    fail("cannot write " + path);
  }
}

/// One field of a CSV line: quoted where it has to be (RFC 4180).
inline std::string csv_field(const std::string& value) {
  if (value.find_first_of(",\"\r\n") == std::string::npos) {
    return value;
  }
  std::string quoted = "\"";
  for (const char c : value) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + "\"";
}

}  // namespace examples
