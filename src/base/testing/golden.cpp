// SPDX-License-Identifier: Apache-2.0
#include "base/testing/golden.hpp"

#include <cstdlib>
#include <string>

#include "base/fd.hpp"

namespace skrei::testing {
namespace {

constexpr std::size_t kGoldenBytesMax = 4 << 20;

}  // namespace

std::filesystem::path source_dir() {
  return SKREI_SOURCE_DIR;
}

::testing::AssertionResult matches_golden(const std::filesystem::path& path,
                                          std::string_view actual) {
  const std::filesystem::path whole = source_dir() / path;
  if (std::getenv("SKREI_UPDATE_GOLDEN") != nullptr) {
    const auto written = write_file_atomically(whole, as_bytes(actual), 0644);
    if (!written) return ::testing::AssertionFailure() << written.error().message;
    return ::testing::AssertionSuccess();
  }
  const auto bytes = read_file(whole, kGoldenBytesMax);
  if (!bytes) return ::testing::AssertionFailure() << bytes.error().message;
  if (as_chars(*bytes) == actual) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << path << " differs; run the test with SKREI_UPDATE_GOLDEN=1 and read the difference.\n"
         << "Now it is:\n"
         << actual;
}

std::string read_source_file(const std::filesystem::path& path) {
  const auto bytes = read_file(source_dir() / path, kGoldenBytesMax);
  EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().message);
  return bytes ? std::string(as_chars(*bytes)) : std::string();
}

}  // namespace skrei::testing
