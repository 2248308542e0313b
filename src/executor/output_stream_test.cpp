// SPDX-License-Identifier: Apache-2.0
#include "executor/output_stream.hpp"

#include <atomic>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/testing/temp_dir.hpp"

namespace skrei::executor {
namespace {

/// Byte `offset` of the test's stream.
std::uint8_t byte_at(std::uint64_t offset) {
  return static_cast<std::uint8_t>((offset * 2654435761ULL) >> 16);
}

Bytes bytes_between(std::uint64_t from, std::uint64_t to) {
  Bytes bytes;
  for (std::uint64_t offset = from; offset < to; ++offset)
    bytes.push_back(byte_at(offset));
  return bytes;
}

class OutputStream : public ::testing::Test {
 protected:
  OutputWriter writer(OutputRetention retention = {.head_bytes = 10, .tail_bytes = 20}) {
    auto made = open_file(path_, O_RDWR | O_CREAT | O_TRUNC);
    EXPECT_TRUE(made) << made.error().message;
    file_ = *std::move(made);
    return {file_.get(), {}, retention};
  }
  Result<OutputReader> open() {
    TRY_ASSIGN(UniqueFd file, open_file(path_, O_RDONLY));
    return OutputReader::open(std::make_shared<const UniqueFd>(std::move(file)), {});
  }
  OutputReader reader() {
    auto opened = open();
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(opened).value();
  }
  OutputChunk read(std::uint64_t offset, std::size_t max = 1000, Framing framing = Framing::Exact) {
    auto chunk = reader().read(offset, max, framing);
    EXPECT_TRUE(chunk) << chunk.error().message;
    return std::move(chunk).value();
  }

  skrei::testing::TempDir folder_;
  std::filesystem::path path_ = folder_.path() / "stdout";
  UniqueFd file_;
};

TEST_F(OutputStream, KeepsExactBytesByOffset) {
  auto out = writer();
  ASSERT_TRUE(out.append(bytes_between(0, 7)));
  ASSERT_TRUE(out.append(bytes_between(7, 25)));

  EXPECT_EQ(read(0).bytes, bytes_between(0, 25));
  EXPECT_EQ(read(8, 5).bytes, bytes_between(8, 13));
  EXPECT_FALSE(read(0).end_of_stream);
  EXPECT_EQ(read(25), (OutputChunk{.offset = 25}));
}

TEST_F(OutputStream, EndsOnceClosedAndReadToTheEnd) {
  auto out = writer();
  ASSERT_TRUE(out.append(bytes_between(0, 12)));
  ASSERT_TRUE(out.close());

  EXPECT_FALSE(read(0, 5).end_of_stream);
  EXPECT_TRUE(read(0).end_of_stream);
  EXPECT_TRUE(read(12).end_of_stream);
}

// Every total length around the bounds, in pieces of every size: the head and the last bytes are
// there, and the dropped range is said exactly.
TEST_F(OutputStream, DropsTheMiddleAndSaysExactlyWhat) {
  for (std::uint64_t total = 25; total < 100; ++total) {
    for (std::uint64_t piece = 1; piece < 45; piece += 7) {
      auto out = writer();
      for (std::uint64_t at = 0; at < total; at += piece)
        ASSERT_TRUE(out.append(bytes_between(at, std::min(at + piece, total))));

      const OutputChunk head = read(0);
      const std::uint64_t kept_from =
          std::max<std::uint64_t>(10, total - std::min<std::uint64_t>(total, 20));
      if (total <= 30) {
        ASSERT_EQ(head.bytes, bytes_between(0, total));
        continue;
      }
      ASSERT_EQ(head.bytes, bytes_between(0, 10));
      const OutputChunk tail = read(10);
      ASSERT_EQ(tail.dropped, (ByteRange{10, kept_from}));
      ASSERT_EQ(tail.offset, kept_from);
      ASSERT_EQ(tail.bytes, bytes_between(kept_from, total));
      ASSERT_EQ(read(kept_from - 1).dropped, (ByteRange{kept_from - 1, kept_from}));
      ASSERT_EQ(read(kept_from).dropped, std::nullopt);
    }
  }
}

TEST_F(OutputStream, OffsetPastTheEndIsRefused) {
  auto out = writer();
  ASSERT_TRUE(out.append(bytes_between(0, 3)));

  const auto chunk = reader().read(4, 10, Framing::Exact);

  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error(), (Error{Code::InvalidArgument,
                                  "offset 4 is past the end of the output (3 bytes so far)"}));
}

TEST_F(OutputStream, WholeCharactersAreNotSplitUnlessTheStreamEndsInsideOne) {
  auto out = writer();
  ASSERT_TRUE(out.append(to_bytes("a\xc3\xa9\xe2\x82")));

  EXPECT_EQ(read(0, 1000, Framing::WholeCharacters).bytes, to_bytes("a\xc3\xa9"));
  EXPECT_EQ(read(0, 1000, Framing::Exact).bytes, to_bytes("a\xc3\xa9\xe2\x82"));
  EXPECT_TRUE(read(3, 1000, Framing::WholeCharacters).bytes.empty());

  ASSERT_TRUE(out.close());
  EXPECT_EQ(read(3, 1000, Framing::WholeCharacters).bytes, to_bytes("\xe2\x82"));
}

TEST_F(OutputStream, WholeCharactersDoNotWaitForWhatWasDropped) {
  auto out = writer();
  ASSERT_TRUE(out.append(to_bytes("123456789\xe2")));
  ASSERT_TRUE(out.append(Bytes(50, 'x')));

  EXPECT_EQ(read(0, 1000, Framing::WholeCharacters).bytes, to_bytes("123456789\xe2"));
}

TEST_F(OutputStream, ATornFileReadsAsFarAsItGoes) {
  auto out = writer({.head_bytes = 100, .tail_bytes = 100});
  ASSERT_TRUE(out.append(bytes_between(0, 60)));

  ASSERT_EQ(::truncate(path_.c_str(), 64 + 41), 0);
  EXPECT_EQ(read(0).bytes, bytes_between(0, 41));
  ASSERT_EQ(::truncate(path_.c_str(), 20), 0);
  EXPECT_TRUE(read(0).bytes.empty());
}

TEST_F(OutputStream, ForeignAndNewerFilesAreRefusedWithASentence) {
  std::ofstream(path_) << std::string(100, 'x');
  EXPECT_EQ(open().error().message, "not an output stream");

  ASSERT_TRUE(writer().close());
  std::fstream(path_, std::ios::in | std::ios::out).seekp(8).put(9);
  EXPECT_EQ(open().error().message, "output stream of version 9; this Skrei knows version 1");
}

// A reader that races with the writer gets right bytes or is told that they are gone, never others.
TEST_F(OutputStream, ReadersNeverSeeNewBytesAtOldOffsets) {
  constexpr std::uint64_t kTotal = 400'000;
  auto out = writer({.head_bytes = 64, .tail_bytes = 4096});
  std::atomic<bool> failed = false;
  std::jthread write([&] {
    for (std::uint64_t at = 0; at < kTotal; at += 500)
      if (!out.append(bytes_between(at, at + 500))) failed = true;
    if (!out.close()) failed = true;
  });
  const OutputReader in = reader();
  std::uint64_t offset = 0;
  bool end = false;
  while (!end && !failed) {
    const auto chunk = in.read(offset, 1500, Framing::Exact);
    ASSERT_TRUE(chunk) << chunk.error().message;
    ASSERT_EQ(chunk->bytes, bytes_between(chunk->offset, chunk->next_offset()));
    offset = chunk->next_offset();
    end = chunk->end_of_stream;
  }
  EXPECT_FALSE(failed);
  EXPECT_EQ(offset, kTotal);
}

}  // namespace
}  // namespace skrei::executor
