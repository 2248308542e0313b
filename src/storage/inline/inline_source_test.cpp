// SPDX-License-Identifier: Apache-2.0
#include "storage/inline/inline_source.hpp"

#include <gtest/gtest.h>

#include "archive/tar_writer.hpp"
#include "base/fd.hpp"
#include "model/storage_params.hpp"
#include "storage/inline/data_url.hpp"
#include "storage/testing/conformance.hpp"

namespace skrei::storage::inline_data {
namespace {

using testing::InputSourceConformance;
using testing::SourceCase;
using testing::StorageWorld;

model::SpecConfig source(std::string url) {
  return model::to_spec(model::InlineSource{std::move(url)});
}

INSTANTIATE_TEST_SUITE_P(Inline, InputSourceConformance,
                         ::testing::Values(SourceCase{
                             "inline",
                             [](StorageWorld& world) {
                               return std::make_shared<InlineSource>(world.store, *world.cache,
                                                                     world.pool);
                             },
                             [](StorageWorld&) { return source("data:,conformance"); },
                             {}}),
                         testing::source_case_name);

TEST(DataUrl, IsTakenApart) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"data:,", "text/plain", ""},
      {"data:,a%20b", "text/plain", "a b"},
      {"DATA:Text/HTML;charset=utf-8,x,y", "text/html", "x,y"},
      {"data:;base64,aGk=", "text/plain", "hi"},
      {"data:text/plain;charset=utf-8;base64,aGk", "text/plain", "hi"},
      {"data:application/gzip;BASE64,aGk%3D", "application/gzip", "hi"},
  };
  for (const auto& [url, type, data] : cases) {
    const auto parsed = parse_data_url(url);
    ASSERT_TRUE(parsed) << url << ": " << parsed.error().message;
    EXPECT_EQ(parsed->media_type, type) << url;
    EXPECT_EQ(as_chars(parsed->data), data) << url;
  }
}

TEST(DataUrl, Refusals) {
  for (const std::string_view url : {"", "http://x/", "data:text/plain", "data:,%", "data:,%4",
                                     "data:,%zz", "data:;base64,!!!!", "data:;base64,a"}) {
    const auto parsed = parse_data_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().code, Code::InvalidArgument) << url;
  }
}

class InlineSourceTest : public ::testing::Test {
 protected:
  /// A gzip'd tar with one file "a/b".
  static std::string archive_url(std::string_view type, std::uint64_t size) {
    Bytes out;
    archive::TarWriter writer(
        [&](ByteView bytes) -> Result<void> {
          out.insert(out.end(), bytes.begin(), bytes.end());
          return {};
        },
        archive::Compression::Gzip);
    EXPECT_TRUE(writer.begin_file("a/b", size));
    EXPECT_TRUE(writer.write(Bytes(size, 'z')));
    EXPECT_TRUE(writer.finish());
    return fmt::format("data:{};base64,{}", type, to_base64(out));
  }

  StorageWorld world_;
  InlineSource driver_{world_.store, *world_.cache, world_.pool};
};

TEST_F(InlineSourceTest, HasTheCidThatTheBytesHaveInIpfs) {
  const auto prepared = world_.prepare(driver_, source("data:,hello%20world%0A"));

  EXPECT_EQ(prepared->cid->to_string(),
            "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4");
}

TEST_F(InlineSourceTest, AnArchiveBecomesAFolder) {
  for (const std::string_view type : {"application/gzip", "application/octet-stream"}) {
    const auto prepared = world_.prepare(driver_, source(archive_url(type, 3)));
    ASSERT_TRUE(prepared) << prepared.error().message;
    EXPECT_EQ(as_chars(read_file(prepared->host_path / "a/b", 10).value()), "zzz");
    EXPECT_EQ(prepared->size_bytes, 3U);
  }
}

TEST_F(InlineSourceTest, ASmallArchiveCannotFillTheDisk) {
  const std::string url = archive_url("application/gzip", 1'000'000);
  ASSERT_LT(url.size(), 5000U);

  EXPECT_EQ(world_.prepare(driver_, source(url), "e-1", 999'999).error().code,
            Code::ResourceExhausted);
}

TEST_F(InlineSourceTest, GzipThatIsNoArchiveStaysAFileUnlessItClaimsToBeOne) {
  const std::string data = to_base64(Bytes{0x1f, 0x8b, 0x08, 0x00, 0x01});

  const auto file = world_.prepare(driver_, source("data:image/x;base64," + data));
  const auto claim = world_.prepare(driver_, source("data:application/gzip;base64," + data));

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->size_bytes, 5U);
  EXPECT_EQ(claim.error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace skrei::storage::inline_data
