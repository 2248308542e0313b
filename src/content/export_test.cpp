// SPDX-License-Identifier: Apache-2.0
#include "content/export.hpp"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/testing/temp_dir.hpp"
#include "content/dag_walk.hpp"
#include "content/import.hpp"
#include "content/testing/map_blocks.hpp"
#include "content/unixfs.hpp"

namespace skrei::content {
namespace {

namespace fs = std::filesystem;

class Export : public ::testing::Test {
 protected:
  DagLink file(std::string_view text, const UnixFsProfile& profile = kUnixFsV1) {
    FileBuilder builder(profile, blocks_);
    EXPECT_TRUE(builder.write(as_bytes(text)));
    return builder.finish().value();
  }
  DagLink folder(const FolderEntries& entries) {
    return build_folder(kUnixFsV1, blocks_, entries).value();
  }
  DagLink tree() {
    const DagLink link = build_symlink(kUnixFsV1, blocks_, "../f").value();
    return folder({{"f", file("hello")}, {"sub", folder({{"link", link}, {"x", file("x")}})}});
  }
  /// A node put as it is, whatever it says.
  DagLink node(PbNode pb) {
    const Bytes bytes = encode_dag_pb(pb);
    const auto cid = multi::Cid::v1(multi::Codec::DagPb, multi::Multihash::sha2_256(bytes));
    EXPECT_TRUE(blocks_.put(cid, bytes));
    return {cid, 0, 0};
  }
  Result<std::string> cat(const multi::Cid& cid, std::uint64_t offset = 0) {
    TRY_ASSIGN(Entry entry, stat_entry(blocks_, cid));
    FileReader reader(blocks_, std::move(entry), offset);
    std::string text;
    while (true) {
      TRY_ASSIGN(const Bytes bytes, reader.next());
      if (bytes.empty()) return text;
      text += as_chars(bytes);
    }
  }
  Result<std::vector<std::string>> walk(const multi::Cid& root, Budget budget = {}) {
    TreeWalker walker(blocks_, root, budget);
    std::vector<std::string> paths;
    while (true) {
      TRY_ASSIGN(const auto entry, walker.next());
      if (!entry) return paths;
      paths.push_back(entry->path);
    }
  }

  testing::MapBlocks blocks_;
  ::skrei::testing::TempDir dir_;
};

TEST_F(Export, ReadsFilesFromAnyOffset) {
  const std::string text(3 * 262144 + 5, 'a');
  std::string mixed = text;
  for (std::size_t i = 0; i < mixed.size(); i += 1000)
    mixed[i] = static_cast<char>('a' + i % 26);
  for (const UnixFsProfile* profile : {&kUnixFsV0, &kUnixFsV1}) {
    const multi::Cid cid = file(mixed, *profile).cid;
    for (const std::uint64_t offset :
         {0U, 1U, 262143U, 262144U, 600000U, 786436U, 786437U, 9999999U}) {
      EXPECT_EQ(cat(cid, offset), mixed.substr(std::min<std::uint64_t>(offset, mixed.size())))
          << offset;
    }
  }
  EXPECT_EQ(cat(file("").cid), "");
}

TEST_F(Export, WalksAFolderBeforeWhatIsInIt) {
  EXPECT_EQ(walk(tree().cid), (std::vector<std::string>{"", "f", "sub", "sub/link", "sub/x"}));
}

TEST_F(Export, ResolvesAndListsPathsAlsoInShards) {
  FolderEntries entries;
  const DagLink leaf = file("leaf");
  for (int i = 0; i < 5000; ++i)
    entries.emplace(fmt::format("{:060}", i), leaf);
  const DagLink wide = folder(entries);
  const DagLink root = folder({{"wide", wide}});
  const std::string name = fmt::format("{:060}", 4321);

  const auto found = resolve_path(blocks_, root.cid, "/wide//" + name);

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->path, "wide/" + name);
  EXPECT_EQ(found->size, 4U);
  EXPECT_EQ(resolve_path(blocks_, root.cid, "wide/nope").error().code, Code::NotFound);
  EXPECT_EQ(resolve_path(blocks_, root.cid, "wide/" + name + "/x").error().code, Code::NotFound);
  const auto list = list_folder(blocks_, stat_entry(blocks_, wide.cid).value(), {});
  ASSERT_EQ(list->size(), 5000U);
  EXPECT_EQ(list->at(4321).path, name);
  EXPECT_EQ(
      list_folder(blocks_, stat_entry(blocks_, wide.cid).value(), {.entries = 100}).error().code,
      Code::ResourceExhausted);
  EXPECT_EQ(walk(wide.cid)->size(), 5001U);
}

TEST_F(Export, MaterialisesReadOnlyAndRemovesAgain) {
  const fs::path target = dir_.path() / "out";

  const auto size = materialise(blocks_, tree().cid, target, {}, Permissions::ReadOnly);

  EXPECT_EQ(size, (TreeSize{5, 6}));
  struct stat info{};
  ASSERT_EQ(::lstat((target / "sub/x").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0444U);
  ASSERT_EQ(::lstat((target / "sub").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0555U);
  EXPECT_EQ(fs::read_symlink(target / "sub/link"), "../f");
  EXPECT_EQ(as_chars(read_file(target / "f", 10).value()), "hello");
  EXPECT_EQ(materialise(blocks_, tree().cid, target, {}, Permissions::ReadOnly).error().code,
            Code::AlreadyExists);
  EXPECT_TRUE(remove_tree(target));
  EXPECT_FALSE(fs::exists(target));
  EXPECT_TRUE(remove_tree(target));
}

TEST_F(Export, AFailedMaterialisationLeavesNothing) {
  const fs::path target = dir_.path() / "out";

  for (const Budget& budget : {Budget{.bytes = 5}, Budget{.entries = 4}, Budget{.depth = 0}}) {
    const auto size = materialise(blocks_, tree().cid, target, budget, Permissions::ReadOnly);
    ASSERT_FALSE(size);
    EXPECT_EQ(size.error().code, Code::ResourceExhausted);
    EXPECT_FALSE(fs::exists(target));
  }
}

TEST_F(Export, ALinkIsNeverWrittenThrough) {
  const DagLink link = build_symlink(kUnixFsV1, blocks_, dir_.path().native()).value();
  const DagLink inner = folder({{"stolen", file("x")}});
  const DagLink root = node(
      {{{link.cid, "a", 0}, {inner.cid, "a", 0}}, encode_unixfs({.type = UnixFsType::Directory})});

  const auto size = materialise(blocks_, root.cid, dir_.path() / "out", {}, Permissions::Ordinary);

  EXPECT_FALSE(size);
  EXPECT_FALSE(fs::exists(dir_.path() / "stolen"));
}

TEST_F(Export, RefusesNamesThatLeadOut) {
  for (const std::string& name : {std::string(".."), std::string("a/b"), std::string()}) {
    const DagLink root =
        node({{{file("x").cid, name, 0}}, encode_unixfs({.type = UnixFsType::Directory})});
    EXPECT_EQ(walk(root.cid).error().code, Code::InvalidArgument);
  }
}

TEST_F(Export, SizesThatLieAreFound) {
  const DagLink leaf = file("12345");
  const DagLink longer =
      node({{{leaf.cid, "", 0}}, encode_unixfs({.file_size = 6, .block_sizes = {6}})});
  const DagLink no_sizes = node({{{leaf.cid, "", 0}}, encode_unixfs({.file_size = 5})});
  const DagLink wrong_sum =
      node({{{leaf.cid, "", 0}}, encode_unixfs({.file_size = 9, .block_sizes = {5}})});

  for (const DagLink& link : {longer, no_sizes, wrong_sum})
    EXPECT_EQ(cat(link.cid).error().code, Code::InvalidArgument);
}

// 1000 links to 1000 links to … an empty leaf: a few blocks that name 10^30 visits.
TEST_F(Export, EmptyChildrenAndEmptyShardsCostNothing) {
  DagLink link = file("");
  for (int level = 0; level < 10; ++level) {
    PbNode pb;
    UnixFsData data{.file_size = 0, .block_sizes = std::vector<std::uint64_t>(1000, 0)};
    for (int i = 0; i < 1000; ++i)
      pb.links.push_back({link.cid, "", 0});
    pb.data = encode_unixfs(data);
    link = node(pb);
  }
  EXPECT_EQ(cat(link.cid), "");

  const Bytes shard =
      encode_unixfs({.type = UnixFsType::HamtShard, .hash_type = kMurmur3, .fanout = kHamtFanout});
  DagLink inner = node({{}, shard});
  for (int level = 0; level < 6; ++level) {
    PbNode pb{{}, shard};
    for (int i = 0; i < 256; ++i)
      pb.links.push_back({inner.cid, fmt::format("{:02X}", i), 0});
    inner = node(pb);
  }
  EXPECT_EQ(walk(inner.cid, {.entries = 1000}).error().code, Code::ResourceExhausted);
}

TEST_F(Export, ATarHoldsWhatTheTreeHolds) {
  const DagLink root = tree();
  Bytes tar;
  TarExport pieces(blocks_, root.cid, "", {});
  while (true) {
    const Bytes piece = pieces.next().value();
    if (piece.empty()) break;
    tar.insert(tar.end(), piece.begin(), piece.end());
  }
  const auto reading = [rest = ByteView(tar)](std::span<std::uint8_t> buffer) mutable {
    const std::size_t count = std::min(rest.size(), buffer.size());
    std::ranges::copy(rest.first(count), buffer.begin());
    rest = rest.subspan(count);
    return Result<std::size_t>(count);
  };

  EXPECT_EQ(import_tar(blocks_, reading, {})->cid, root.cid);
}

TEST_F(Export, ATarIsCutOffAtItsBudget) {
  TarExport pieces(blocks_, tree().cid, "name", {.bytes = 5});
  EXPECT_EQ(pieces.next().error().code, Code::ResourceExhausted);
}

TEST_F(Export, ADagIsWalkedOncePerBlock) {
  const DagLink leaf = file("same");
  const DagLink root = folder({{"a", leaf}, {"b", leaf}});

  const auto size = walk_dag(blocks_, root.cid, {});

  EXPECT_EQ(size->blocks, 2U);
  blocks_.blocks.erase(leaf.cid);
  EXPECT_EQ(walk_dag(blocks_, root.cid, {}).error().code, Code::NotFound);
}

}  // namespace
}  // namespace skrei::content
