// SPDX-License-Identifier: Apache-2.0
// The user ids that programs have where the node runs as root; elsewhere there is nothing to see.

#include "executor/wasm/guest_user.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/testing/temp_dir.hpp"
#include "executor/wasm/walls_support.hpp"

namespace skrei::executor::wasm {
namespace {

struct stat info_of(const std::filesystem::path& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info;
}

class GuestUser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!probe_walls().users) GTEST_SKIP() << "only root can give programs users of their own";
    std::filesystem::create_directory(folder_);
  }
  OpenedFolder opened(const GuestFolder& folder) {
    fds_.push_back(open_file(folder.host_path, O_RDONLY | O_DIRECTORY).value());
    OpenedFolder one{.folder = &folder, .fd = fds_.back().get(), .info = {}};
    EXPECT_EQ(::fstat(one.fd, &one.info), 0);
    return one;
  }

  skrei::testing::TempDir temp_;
  std::filesystem::path folder_ = temp_.path() / "folder";
  std::vector<UniqueFd> fds_;
  WallsUser lent_{.uid = 61'200, .gid = 61'200};
};

TEST_F(GuestUser, ResultFoldersBecomeItsOwn) {
  const GuestFolder results{"/outputs", folder_, Access::ReadWrite, true};
  const std::vector folders{opened(results)};

  EXPECT_EQ(choose_user(lent_, folders), lent_);
  EXPECT_TRUE(hand_over(lent_, folders));
  EXPECT_EQ(info_of(folder_).st_uid, lent_.uid);
}

TEST_F(GuestUser, AWritableFolderOfTheHostIsUsedAsItsOwner) {
  ASSERT_EQ(::chown(folder_.c_str(), 61'201, 61'202), 0);
  const GuestFolder work{"/work", folder_, Access::ReadWrite};
  const std::vector folders{opened(work)};

  const WallsUser user = choose_user(lent_, folders);
  EXPECT_EQ(user, (WallsUser{.uid = 61'201, .gid = 61'202}));
  EXPECT_TRUE(hand_over(user, folders));
  EXPECT_EQ(info_of(folder_).st_uid, 61'201u);
}

TEST_F(GuestUser, AFolderThatItCannotReadIsNamed) {
  const GuestFolder input{"/data", folder_, Access::ReadOnly};
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  EXPECT_TRUE(hand_over(lent_, std::vector{opened(input)}));

  ASSERT_EQ(::chmod(folder_.c_str(), 0750), 0);
  const auto closed = hand_over(lent_, std::vector{opened(input)});
  ASSERT_FALSE(closed);
  EXPECT_TRUE(closed.error().message.starts_with("input /data: ")) << closed.error().message;
  EXPECT_EQ(info_of(folder_).st_uid, 0u);
}

}  // namespace
}  // namespace skrei::executor::wasm
