// SPDX-License-Identifier: Apache-2.0
#include "storage/local/local_source.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "storage/testing/conformance.hpp"

namespace skrei::storage::local {
namespace {

namespace fs = std::filesystem;
using testing::InputSourceConformance;
using testing::SourceCase;
using testing::StorageWorld;

model::SpecConfig source(const fs::path& path, bool read_write = false,
                         model::CreateAs create_as = model::CreateAs::NoCreate) {
  return model::to_spec(model::LocalDirectorySource{path.native(), read_write, create_as});
}

std::shared_ptr<LocalSource> driver_for(StorageWorld& world, std::string suffix = "") {
  const std::string glob = (world.dir.path() / "**").native() + suffix;
  return std::make_shared<LocalSource>(AllowList::parse({glob}).value(), world.dir.path(),
                                       world.pool);
}

INSTANTIATE_TEST_SUITE_P(Local, InputSourceConformance,
                         ::testing::Values(SourceCase{
                             "local", [](StorageWorld& world) { return driver_for(world); },
                             [](StorageWorld& world) {
                               std::ofstream(world.dir.path() / "file") << "conformance";
                               return source(world.dir.path() / "file");
                             },
                             [](StorageWorld& world) {
                               return source(world.dir.path() / "none");
                             }}),
                         testing::source_case_name);

TEST(Glob, Matches) {
  const std::tuple<std::string_view, std::string_view, bool> cases[] = {
      {"/data", "/data", true},
      {"/data", "/data/x", false},
      {"/data/*", "/data/x", true},
      {"/data/*", "/data/x/y", false},
      {"/data/*", "/data", false},
      {"/data/**", "/data/x/y", true},
      {"/data/**", "/data", true},
      {"/data/**", "/database", false},
      {"/**/x", "/a/b/x", true},
      {"/**/x", "/x", true},
      {"/d?ta/[ab]*", "/data/bx", true},
      {"/d?ta/[ab]*", "/data/cx", false},
      {"/**", "/", true},
  };
  for (const auto& [glob, path, expected] : cases)
    EXPECT_EQ(glob_matches(glob, path), expected) << glob << " " << path;
}

TEST(AllowList, KnowsWhatMayBeWritten) {
  const AllowList list = AllowList::parse({"/ro", "/also:ro", "/rw/**:rw"}).value();

  EXPECT_TRUE(list.check("/ro", Access::ReadOnly));
  EXPECT_TRUE(list.check("/rw/x", Access::ReadWrite));
  EXPECT_EQ(list.check("/ro", Access::ReadWrite).error().code, Code::PermissionDenied);
  EXPECT_EQ(list.check("/other", Access::ReadOnly).error().code, Code::PermissionDenied);
  EXPECT_EQ(AllowList::parse({"/x:wo"}).error().code, Code::InvalidArgument);
  EXPECT_EQ(AllowList::parse({"x"}).error().code, Code::InvalidArgument);
}

class LocalSourceTest : public ::testing::Test {
 protected:
  Code code_of(LocalSource& driver, const model::SpecConfig& spec) {
    const auto prepared = world_.prepare(driver, spec);
    return prepared ? Code{} : prepared.error().code;
  }
  fs::path path(std::string_view name) const { return world_.dir.path() / name; }

  StorageWorld world_;
};

TEST_F(LocalSourceTest, RefusesWhatIsNotAllowed) {
  const auto driver = driver_for(world_);

  EXPECT_EQ(code_of(*driver, source("/etc")), Code::PermissionDenied);
  EXPECT_EQ(world_.run(driver->check(source("/etc"))), Locality{});
  EXPECT_EQ(code_of(*driver, source(path("../x"))), Code::InvalidArgument);
  EXPECT_EQ(code_of(*driver, source("relative")), Code::InvalidArgument);
}

TEST_F(LocalSourceTest, RefusesWaysThroughLinksAndSpecialFiles) {
  fs::create_directory_symlink("/etc", path("link"));
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const auto driver = driver_for(world_);

  EXPECT_EQ(code_of(*driver, source(path("link"))), Code::PermissionDenied);
  EXPECT_EQ(code_of(*driver, source(path("link/passwd"))), Code::PermissionDenied);
  EXPECT_EQ(code_of(*driver, source(path("fifo"))), Code::InvalidArgument);
}

TEST_F(LocalSourceTest, ReadWriteOnlyWhereTheListSaysSo) {
  fs::create_directory(path("d"));
  const auto read_only = driver_for(world_);
  const auto read_write = driver_for(world_, ":rw");

  EXPECT_EQ(code_of(*read_only, source(path("d"), true)), Code::PermissionDenied);
  const auto prepared = world_.prepare(*read_write, source(path("d"), true));
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->access, Access::ReadWrite);
}

TEST_F(LocalSourceTest, CreatesOnlyWhatMayBeWritten) {
  const auto driver = driver_for(world_, ":rw");

  EXPECT_EQ(code_of(*driver, source(path("new"), false, model::CreateAs::Dir)),
            Code::PermissionDenied);
  EXPECT_TRUE(world_.run(driver->check(source(path("new"), true, model::CreateAs::Dir)))->local);
  EXPECT_TRUE(world_.prepare(*driver, source(path("new"), true, model::CreateAs::Dir)));
  EXPECT_TRUE(fs::is_directory(path("new")));
  EXPECT_TRUE(world_.prepare(*driver, source(path("new/f"), true, model::CreateAs::File)));
  EXPECT_TRUE(fs::is_regular_file(path("new/f")));
}

TEST_F(LocalSourceTest, TildeIsTheOwnersHome) {
  fs::create_directory(path("d"));
  const auto driver = driver_for(world_);

  EXPECT_EQ(world_.prepare(*driver, source("~/d"))->host_path, path("d"));
}

}  // namespace
}  // namespace skrei::storage::local
