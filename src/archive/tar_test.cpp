// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <gtest/gtest.h>

#include "archive/tar_reader.hpp"
#include "archive/tar_writer.hpp"

namespace skrei::archive {
namespace {

/// One raw ustar header, for what the writer refuses to write.
Bytes header(std::string_view name, char type, std::string_view link = {}) {
  Bytes block(512, 0);
  const auto put = [&](std::size_t at, std::string_view text) {
    std::ranges::copy(text, block.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, "00000000000");
  put(136, "00000000000");
  put(148, "        ");
  block[156] = static_cast<std::uint8_t>(type);
  put(157, link);
  put(257, std::string_view("ustar\0"
                            "00",
                            8));
  unsigned sum = 0;
  for (const std::uint8_t byte : block)
    sum += byte;
  put(148, fmt::format("{:06o}", sum));
  block[154] = 0;
  block.resize(512 * 3, 0);
  return block;
}

ReadFunction reading(const Bytes& bytes, std::size_t step = 1000) {
  return [rest = ByteView(bytes), step](std::span<std::uint8_t> buffer) mutable {
    const std::size_t count = std::min({rest.size(), buffer.size(), step});
    std::ranges::copy(rest.first(count), buffer.begin());
    rest = rest.subspan(count);
    return Result<std::size_t>(count);
  };
}

struct Seen {
  TarEntry entry;
  std::string content;
};

Result<std::vector<Seen>> read_all(const Bytes& bytes, Budget budget = {}) {
  TarReader reader(reading(bytes), budget);
  std::vector<Seen> all;
  while (true) {
    TRY_ASSIGN(auto entry, reader.next());
    if (!entry) return all;
    Seen seen{*std::move(entry), ""};
    std::array<std::uint8_t, 100> buffer{};
    while (true) {
      TRY_ASSIGN(const std::size_t got, reader.read(buffer));
      if (got == 0) break;
      seen.content += as_chars(ByteView(buffer).first(got));
    }
    all.push_back(std::move(seen));
  }
}

Bytes write_sample(Compression compression) {
  Bytes out;
  TarWriter writer(
      [&](ByteView bytes) -> Result<void> {
        out.insert(out.end(), bytes.begin(), bytes.end());
        return {};
      },
      compression);
  EXPECT_TRUE(writer.add_folder("a"));
  EXPECT_TRUE(writer.begin_file("a/grüße " + std::string(200, 'n'), 5));
  EXPECT_TRUE(writer.write(as_bytes("he")));
  EXPECT_TRUE(writer.write(as_bytes("llo")));
  EXPECT_TRUE(writer.add_symlink("a/link", "../ü"));
  EXPECT_TRUE(writer.begin_file("empty", 0));
  EXPECT_TRUE(writer.finish());
  return out;
}

TEST(Tar, WhatIsWrittenIsReadBack) {
  for (const Compression compression : {Compression::None, Compression::Gzip}) {
    const auto all = read_all(write_sample(compression));

    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(all->size(), 4U);
    EXPECT_EQ(all->at(0).entry, (TarEntry{"a", EntryType::Folder, "", 0}));
    EXPECT_EQ(all->at(1).entry.path, "a/grüße " + std::string(200, 'n'));
    EXPECT_EQ(all->at(1).content, "hello");
    EXPECT_EQ(all->at(2).entry, (TarEntry{"a/link", EntryType::Symlink, "../ü", 1}));
    EXPECT_EQ(all->at(3).entry.path, "empty");
  }
}

TEST(Tar, EqualTreesGiveEqualBytes) {
  EXPECT_EQ(write_sample(Compression::None), write_sample(Compression::None));
  EXPECT_EQ(write_sample(Compression::Gzip), write_sample(Compression::Gzip));
}

TEST(Tar, WriterHoldsCallersToTheirLengths) {
  TarWriter writer([](ByteView) { return Result<void>(); });
  ASSERT_TRUE(writer.begin_file("f", 2));

  EXPECT_EQ(writer.write(as_bytes("abc")).error().code, Code::Internal);
  EXPECT_EQ(writer.add_folder("d").error().code, Code::Internal);
  EXPECT_EQ(writer.finish().error().code, Code::Internal);
}

TEST(Tar, WriterGivesBackTheSinksError) {
  TarWriter writer([](ByteView) -> Result<void> { return fail(Code::ResourceExhausted, "full"); });

  const auto added = writer.add_folder("d");

  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::ResourceExhausted);
}

TEST(Tar, ReaderGivesBackTheSourcesError) {
  TarReader reader(
      [](std::span<std::uint8_t>) -> Result<std::size_t> { return fail(Code::Unavailable, "cut"); },
      {});
  EXPECT_EQ(reader.next().error().code, Code::Unavailable);
}

TEST(Tar, ReaderRefusesWhatCouldEscapeOrHurt) {
  const std::tuple<std::string_view, char, std::string_view, std::string_view> cases[] = {
      {"/etc/passwd", '0', "", "absolute"},
      {"a/../../b", '0', "", "\"..\""},
      {"..", '5', "", "\"..\""},
      {"dev", '3', "", "neither"},
      {"block", '4', "", "neither"},
      {"fifo", '6', "", "neither"},
      {"hard", '1', "other", "hard link"},
      {".", '0', "", "no name"},
  };
  for (const auto& [name, type, link, part] : cases) {
    const auto all = read_all(header(name, type, link));
    ASSERT_FALSE(all) << name;
    EXPECT_EQ(all.error().code, Code::InvalidArgument) << name;
    EXPECT_TRUE(all.error().message.contains(part)) << all.error().message;
  }
}

TEST(Tar, ReaderCleansPathsAndPassesOverTheRoot) {
  const auto root = read_all(header("./", '5'));
  const auto file = read_all(header("./a//b/./c", '0'));

  ASSERT_TRUE(root) << root.error().message;
  EXPECT_TRUE(root->empty());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->at(0).entry.path, "a/b/c");
  EXPECT_EQ(file->at(0).entry.depth, 2U);
}

TEST(Tar, ReaderRefusesWhatIsNoTarAndWhatIsCutOff) {
  EXPECT_EQ(read_all(Bytes(3000, 'x')).error().code, Code::InvalidArgument);
  Bytes cut = write_sample(Compression::None);
  cut.resize(cut.size() / 2);
  EXPECT_EQ(read_all(cut).error().code, Code::InvalidArgument);
}

TEST(Tar, BudgetCountsBytesEntriesAndDepthEvenWhenSkipped) {
  const Bytes tar = write_sample(Compression::Gzip);

  EXPECT_TRUE(read_all(tar, {.bytes = 5, .entries = 4, .depth = 1}));
  EXPECT_EQ(read_all(tar, {.bytes = 4, .entries = 4, .depth = 1}).error().code,
            Code::ResourceExhausted);
  EXPECT_EQ(read_all(tar, {.bytes = 5, .entries = 3, .depth = 1}).error().code,
            Code::ResourceExhausted);
  EXPECT_EQ(read_all(tar, {.bytes = 5, .entries = 4, .depth = 0}).error().code,
            Code::ResourceExhausted);

  TarReader skipping(reading(tar), {.bytes = 4, .entries = 4, .depth = 1});
  ASSERT_TRUE(skipping.next());
  ASSERT_TRUE(skipping.next());
  EXPECT_EQ(skipping.next().error().code, Code::ResourceExhausted);
}

}  // namespace
}  // namespace skrei::archive
