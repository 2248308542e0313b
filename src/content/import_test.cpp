// SPDX-License-Identifier: Apache-2.0
#include "content/import.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "archive/tar_writer.hpp"
#include "base/testing/temp_dir.hpp"
#include "content/testing/map_blocks.hpp"

namespace skrei::content {
namespace {

namespace fs = std::filesystem;

/// Trees whose CIDs Kubo 0.43 (`ipfs add -r -Q --only-hash`, after `ipfs config profile apply`)
/// gave.
class Import : public ::testing::Test {
 protected:
  void write(const fs::path& name, std::string_view text) {
    fs::create_directories((dir_.path() / name).parent_path());
    std::ofstream(dir_.path() / name, std::ios::binary) << text;
  }
  void make_tree() {
    write("tree/hello.txt", "hello world\n");
    write("tree/sub/none", "");
    fs::create_directory(dir_.path() / "tree/empty");
    fs::create_symlink("../hello.txt", dir_.path() / "tree/sub/link");
  }
  Result<DagLink> import(const fs::path& name, const ImportOptions& options = {}) {
    return import_path(blocks_, dir_.path() / name, options);
  }
  std::string cid(const fs::path& name, const UnixFsProfile& profile) {
    const auto link = import(name, {.profile = &profile});
    return link ? link->cid.to_string() : link.error().message;
  }

  ::skrei::testing::TempDir dir_;
  testing::MapBlocks blocks_;
};

TEST_F(Import, SmallFilesAndFolders) {
  make_tree();
  EXPECT_EQ(cid("tree/hello.txt", kUnixFsV1),
            "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
  EXPECT_EQ(cid("tree/hello.txt", kUnixFsV0), "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o");
  EXPECT_EQ(cid("tree/sub/none", kUnixFsV1),
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
  EXPECT_EQ(cid("tree/sub/none", kUnixFsV0), "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH");
  EXPECT_EQ(cid("tree/empty", kUnixFsV0), "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn");
  EXPECT_EQ(cid("tree", kUnixFsV1), "bafybeidukpg4d7x4dmpeqi3wblinxvze2pzu45xhh5w23yld47dbabhxle");
  EXPECT_EQ(cid("tree", kUnixFsV0), "QmRiPZ3eVgcm5HPippgJFoFnanZnCZx1RPBqo6N1RKWjuZ");
  EXPECT_EQ(cid("tree/sub/link", kUnixFsV0), "QmRZQMR6cpczdJAF4xXtisda3DbvFrHxuwi5nF2NJKZvzC");
}

TEST_F(Import, AFileOfSeveralChunks) {
  std::string bytes(3 * 1024 * 1024 + 17, '\0');
  std::uint32_t x = 1;
  for (char& byte : bytes) {
    x = x * 1103515245U + 12345U;
    byte = static_cast<char>(x >> 24);
  }
  write("big", bytes);

  EXPECT_EQ(cid("big", kUnixFsV1), "bafybeic5spi4bt5za4blkcuxl6mbwit5moi4zmdjakujin2fyw6ez4wxsa");
  EXPECT_EQ(cid("big", kUnixFsV0), "QmY6LS7Rh8FMc4yZXJM2ntMDG7kvPNv8RjhJM9UQhAkUyM");
  EXPECT_EQ(import("big")->file_size, bytes.size());
}

TEST_F(Import, AFileWithTwoLevelsOfNodes) {
  std::uint64_t left = 174 * 262144 + 1;
  const auto zeros = [&](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
    std::ranges::fill(buffer.first(count), 0);
    left -= count;
    return count;
  };

  const auto link = import_stream(blocks_, zeros, {.profile = &kUnixFsV0});

  EXPECT_EQ(link->cid.to_string(), "QmehMASWcBsX7VcEQqs6rpR5AHoBfKyBVEgmkJHjpPg8jq");
}

TEST_F(Import, AFolderWideEnoughForShards) {
  for (int i = 0; i < 6000; ++i)
    write(fmt::format("wide/entry-{:05}-{}", i, std::string(20, 'n')), fmt::format("{}\n", i % 7));

  EXPECT_EQ(cid("wide", kUnixFsV1), "bafybeiheny6q5z3qhk2sbpmyac23ktbd47uz4hphc5dyg4hayfsmwnpvje");
  EXPECT_EQ(cid("wide", kUnixFsV0), "QmRZUMnq5YbwrCeGcKN9K9crKPD5oAh7P8dBhLkTc3mRW8");
}

TEST_F(Import, HiddenEntriesStayOutUnlessAskedFor) {
  make_tree();
  const auto before = import("tree");
  write("tree/.hidden", "x");

  EXPECT_EQ(import("tree"), before);
  EXPECT_NE(import("tree", {.hidden = Hidden::Include}), before);
}

TEST_F(Import, RefusesDevicesSocketsAndFifosByName) {
  make_tree();
  ASSERT_EQ(::mkfifo((dir_.path() / "tree/pipe").c_str(), 0600), 0);
  const auto fifo = import("tree");
  ASSERT_FALSE(fifo);
  EXPECT_EQ(fifo.error().code, Code::InvalidArgument);
  EXPECT_TRUE(fifo.error().message.contains("tree/pipe: is a FIFO")) << fifo.error().message;
  fs::remove(dir_.path() / "tree/pipe");

  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const UniqueFd owner(fd);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string path = dir_.path() / "tree/sock";
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::ranges::copy(path, address.sun_path);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(import("tree").error().message.contains("is a socket"));

  const auto device = import_path(blocks_, "/dev/null", {});
  EXPECT_TRUE(device.error().message.contains("is a device")) << device.error().message;
}

TEST_F(Import, RefusesOtherMountsWhereAsked) {
  const auto proc = import_path(blocks_, "/proc", {.mounts = Mounts::Refuse});

  ASSERT_FALSE(proc);
  EXPECT_EQ(proc.error().code, Code::InvalidArgument);
  EXPECT_TRUE(proc.error().message.contains("mount")) << proc.error().message;
}

TEST_F(Import, BudgetCountsBytesOfSparseFilesEntriesAndDepth) {
  make_tree();
  write("sparse/file", "");
  fs::resize_file(dir_.path() / "sparse/file", 1 << 20);

  EXPECT_TRUE(import("tree", {.budget = {.bytes = 12, .entries = 6, .depth = 2}}));
  EXPECT_EQ(import("tree", {.budget = {.bytes = 11}}).error().code, Code::ResourceExhausted);
  EXPECT_EQ(import("tree", {.budget = {.entries = 5}}).error().code, Code::ResourceExhausted);
  EXPECT_EQ(import("tree", {.budget = {.depth = 1}}).error().code, Code::ResourceExhausted);
  EXPECT_EQ(import("sparse", {.budget = {.bytes = 1 << 19}}).error().code, Code::ResourceExhausted);
  EXPECT_EQ(import("sparse")->file_size, 1U << 20);
}

TEST_F(Import, SaysWhatIsMissing) {
  EXPECT_EQ(import("none").error().code, Code::NotFound);
}

TEST_F(Import, ATarGivesTheFoldersCid) {
  make_tree();
  Bytes tar;
  archive::TarWriter writer([&](ByteView bytes) -> Result<void> {
    tar.insert(tar.end(), bytes.begin(), bytes.end());
    return {};
  });
  ASSERT_TRUE(writer.add_symlink("sub/link", "../hello.txt"));
  ASSERT_TRUE(writer.begin_file("hello.txt", 12));
  ASSERT_TRUE(writer.write(as_bytes("hello world\n")));
  ASSERT_TRUE(writer.add_folder("empty"));
  ASSERT_TRUE(writer.begin_file("sub/none", 0));
  ASSERT_TRUE(writer.finish());
  const auto reading = [rest = ByteView(tar)](std::span<std::uint8_t> buffer) mutable {
    const std::size_t count = std::min(rest.size(), buffer.size());
    std::ranges::copy(rest.first(count), buffer.begin());
    rest = rest.subspan(count);
    return Result<std::size_t>(count);
  };

  EXPECT_EQ(import_tar(blocks_, reading, {}), import("tree"));
}

TEST_F(Import, ATarMayNotNameAPathTwice) {
  for (const bool folder_first : {true, false}) {
    Bytes tar;
    archive::TarWriter writer([&](ByteView bytes) -> Result<void> {
      tar.insert(tar.end(), bytes.begin(), bytes.end());
      return {};
    });
    if (folder_first) ASSERT_TRUE(writer.add_folder("a"));
    ASSERT_TRUE(writer.add_symlink("a", "/etc"));
    if (!folder_first) ASSERT_TRUE(writer.begin_file("a/passwd", 0));
    ASSERT_TRUE(writer.finish());
    const auto reading = [rest = ByteView(tar)](std::span<std::uint8_t> buffer) mutable {
      const std::size_t count = std::min(rest.size(), buffer.size());
      std::ranges::copy(rest.first(count), buffer.begin());
      rest = rest.subspan(count);
      return Result<std::size_t>(count);
    };

    const auto link = import_tar(blocks_, reading, {});

    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, Code::InvalidArgument);
  }
}

TEST(Profiles, AreFoundByName) {
  EXPECT_EQ(find_profile("unixfs-v1-2025"), &kUnixFsV1);
  EXPECT_EQ(find_profile("unixfs-v0-2015"), &kUnixFsV0);
  EXPECT_EQ(find_profile("x").error().code, Code::InvalidArgument);
}

TEST(Folder, RefusesUnusableNames) {
  testing::MapBlocks blocks;
  const DagLink empty = build_folder(kUnixFsV1, blocks, {}).value();

  EXPECT_EQ(build_folder(kUnixFsV1, blocks, {{"a/b", empty}}).error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace skrei::content
