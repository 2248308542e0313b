// SPDX-License-Identifier: Apache-2.0
#include "node/backup.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "base/testing/temp_dir.hpp"
#include "jobstore/sqlite/sqlite_job_store.hpp"
#include "node/offline_backup.hpp"

namespace skrei::node {
namespace {

namespace fs = std::filesystem;

class BackupTest : public ::testing::Test {
 protected:
  /// A data directory with one block, and a backup of it.
  void SetUp() override {
    const auto bytes = as_bytes("block");
    cid_ = multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(bytes));
    {
      SystemRandom random;
      const auto folder = DataDir::open(data(), random);
      ASSERT_TRUE(folder) << folder.error().message;
      id_ = (*folder)->node_id();
      const auto store = open_content(data());
      ASSERT_TRUE(store->put(cid_, bytes));
    }
    const auto pieces = open_offline_backup(data(), pool_);
    ASSERT_TRUE(pieces) << pieces.error().message;
    std::ofstream file(backup(), std::ios::binary);
    while (true) {
      const auto piece = (*pieces)->next();
      ASSERT_TRUE(piece) << piece.error().message;
      if (piece->empty()) break;
      file.write(reinterpret_cast<const char*>(piece->data()), std::ssize(*piece));
    }
  }

  std::unique_ptr<content::embedded::EmbeddedStore> open_content(const fs::path& data_dir) {
    auto store = content::embedded::EmbeddedStore::open(
        {.folder = data_dir / "content", .floor_bytes = 0}, pool_);
    EXPECT_TRUE(store) << store.error().message;
    return *std::move(store);
  }

  std::string text() const {
    std::ifstream file(backup(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& bytes) const { std::ofstream(backup(), std::ios::binary) << bytes; }

  fs::path data() const { return dir_.path() / "data"; }
  fs::path backup() const { return dir_.path() / "node.tar"; }
  fs::path target() const { return dir_.path() / "restored"; }

  skrei::testing::TempDir dir_;
  async::BlockingPool pool_{{.threads = 1}};
  multi::Cid cid_ = multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256({}));
  NodeId id_;
};

TEST_F(BackupTest, WhatWasThereIsThereAfterwards) {
  const auto verified = verify_backup(backup());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->node_id, id_.str());
  EXPECT_FALSE(fs::exists(data() / "backup-tmp"));

  const auto restored = restore_backup(backup(), target());

  ASSERT_TRUE(restored) << restored.error().message;
  SystemRandom random;
  const auto folder = DataDir::open(target(), random);
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ((*folder)->node_id(), id_);
  EXPECT_EQ(open_content(target())->get(cid_), to_bytes("block"));
  EXPECT_TRUE(fs::exists(target() / "jobs.db"));
}

TEST_F(BackupTest, AFolderThatIsNotEmptyIsRefusedAndLeftAlone) {
  fs::create_directories(target());
  std::ofstream(target() / "mine") << "x";

  const auto restored = restore_backup(backup(), target());

  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, Code::AlreadyExists);
  EXPECT_TRUE(fs::exists(target() / "mine"));
}

TEST_F(BackupTest, DamageAnywhereIsFoundBeforeAnythingIsWritten) {
  const std::string whole = text();
  SeededRandom random(7);
  for (int i = 0; i < 40; ++i) {
    std::string damaged = whole;
    const std::size_t at = random.next_u64() % damaged.size();
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    write(damaged);
    // A byte of padding is nobody's: then what is restored is what was there.
    const auto restored = restore_backup(backup(), target());
    if (restored) {
      EXPECT_EQ(open_content(target())->get(cid_), to_bytes("block")) << at;
      fs::remove_all(target());
    } else {
      EXPECT_FALSE(fs::exists(target())) << at;
    }
  }
}

TEST_F(BackupTest, ACutOffBackupAndAnythingElseAreRefusedWithASentence) {
  const std::string whole = text();
  for (const std::size_t size : {whole.size() / 2, whole.size() - 4096, std::size_t{0}}) {
    write(whole.substr(0, size));
    const auto verified = verify_backup(backup());
    ASSERT_FALSE(verified) << size;
    EXPECT_FALSE(verified.error().message.empty());
    EXPECT_FALSE(restore_backup(backup(), target()));
    EXPECT_FALSE(fs::exists(target()));
  }
  write("no tar at all");
  EXPECT_FALSE(verify_backup(backup()));
  EXPECT_EQ(verify_backup(dir_.path() / "none.tar").error().code, Code::NotFound);
}

TEST_F(BackupTest, AFolderWithoutANodeIsNamed) {
  const auto pieces = open_offline_backup(dir_.path() / "nothing", pool_);
  ASSERT_FALSE(pieces);
  EXPECT_EQ(pieces.error().code, Code::NotFound);
}

}  // namespace
}  // namespace skrei::node
