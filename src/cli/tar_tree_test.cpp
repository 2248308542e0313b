// SPDX-License-Identifier: Apache-2.0
#include "cli/tar_tree.hpp"

#include <cstring>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "archive/tar_writer.hpp"
#include "base/testing/temp_dir.hpp"

namespace skrei::cli {
namespace {

namespace fs = std::filesystem;

class TarTree : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(dir_.path() / "in" / "sub");
    fs::create_directories(dir_.path() / "out");
    std::ofstream(dir_.path() / "in" / "sub" / "a") << "one";
    std::ofstream(dir_.path() / "in" / ".hidden") << "two";
    fs::create_symlink("/etc/passwd", dir_.path() / "in" / "link");
  }

  WriteFunction into() {
    return [this](ByteView bytes) -> Result<void> {
      tar_.insert(tar_.end(), bytes.begin(), bytes.end());
      return {};
    };
  }

  ReadFunction from() {
    return [this](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
      const std::size_t count = std::min(buffer.size(), tar_.size() - at_);
      if (count > 0) std::memcpy(buffer.data(), tar_.data() + at_, count);
      at_ += count;
      return count;
    };
  }

  skrei::testing::TempDir dir_;
  Bytes tar_;
  std::size_t at_ = 0;
};

TEST_F(TarTree, ComesBackAsItWas) {
  ASSERT_TRUE(pack_folder(dir_.path() / "in", content::Hidden::Skip, {}, into()));
  const auto unpacked = unpack_folder(dir_.path() / "out", "", {}, from());

  ASSERT_TRUE(unpacked) << unpacked.error().message;
  std::string text;
  std::ifstream(dir_.path() / "out" / "sub" / "a") >> text;
  EXPECT_EQ(text, "one");
  EXPECT_EQ(fs::read_symlink(dir_.path() / "out" / "link"), "/etc/passwd");
  EXPECT_FALSE(fs::exists(dir_.path() / "out" / ".hidden"));
}

TEST_F(TarTree, RefusesASocketOrPipeByName) {
  ASSERT_EQ(::mkfifo((dir_.path() / "in" / "pipe").c_str(), 0600), 0);
  const auto packed = pack_folder(dir_.path() / "in", content::Hidden::Skip, {}, into());
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code, Code::InvalidArgument);
  EXPECT_NE(packed.error().message.find("pipe"), std::string::npos);
}

TEST_F(TarTree, NeverOverwrites) {
  fs::create_directories(dir_.path() / "out" / "sub");
  std::ofstream(dir_.path() / "out" / "sub" / "a") << "mine";
  ASSERT_TRUE(pack_folder(dir_.path() / "in", content::Hidden::Skip, {}, into()));
  const auto unpacked = unpack_folder(dir_.path() / "out", "", {}, from());
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().code, Code::AlreadyExists);
}

TEST_F(TarTree, NeverGoesThroughALinkThatTheArchiveBrought) {
  archive::TarWriter writer(into());
  ASSERT_TRUE(writer.add_symlink("door", dir_.path().string()));
  ASSERT_TRUE(writer.begin_file("door/escaped", 1));
  ASSERT_TRUE(writer.write(as_bytes("x")));
  ASSERT_TRUE(writer.finish());

  EXPECT_FALSE(unpack_folder(dir_.path() / "out", "", {}, from()));
  EXPECT_FALSE(fs::exists(dir_.path() / "escaped"));
}

TEST_F(TarTree, StripsTheFolderThatWasAskedFor) {
  archive::TarWriter writer(into());
  ASSERT_TRUE(writer.add_folder("outputs"));
  ASSERT_TRUE(writer.begin_file("outputs/x", 1));
  ASSERT_TRUE(writer.write(as_bytes("x")));
  ASSERT_TRUE(writer.finish());

  ASSERT_TRUE(unpack_folder(dir_.path() / "out", "outputs", {}, from()));
  EXPECT_TRUE(fs::exists(dir_.path() / "out" / "x"));
}

}  // namespace
}  // namespace skrei::cli
