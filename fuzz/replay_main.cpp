// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer in ordinary builds: runs a fuzzer's body over its seeds, and over
// prefixes of each, since input cut short is what parsers meet most.
//
//   fuzz_NAME FOLDER…    exit 1 if a folder holds no seed or cannot be read

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kPrefixesMax = 64;

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void replay(const std::vector<std::uint8_t>& seed) {
  const std::size_t step = std::max<std::size_t>(1, seed.size() / kPrefixesMax);
  for (std::size_t length = 0; length < seed.size(); length += step) {
    // A copy of exact size, so that AddressSanitizer sees one byte too many.
    const std::vector<std::uint8_t> prefix(seed.begin(),
                                           seed.begin() + static_cast<std::ptrdiff_t>(length));
    LLVMFuzzerTestOneInput(prefix.data(), prefix.size());
  }
  LLVMFuzzerTestOneInput(seed.data(), seed.size());
}

std::size_t replay_folder(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      replay(read_file(entry.path()));
      ++count;
    }
  }
  if (count == 0) {
    throw std::runtime_error("no seed in " + folder.string());
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 2) {
      throw std::runtime_error("usage: fuzz_NAME FOLDER…");
    }
    for (int i = 1; i < argc; ++i) {
      std::printf("%s: %zu seeds replayed\n", argv[i], replay_folder(argv[i]));
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
