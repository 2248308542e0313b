// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "model/engine_params.hpp"
#include "model/publisher_params.hpp"
#include "model/storage_params.hpp"

namespace skrei::model {
namespace {

constexpr std::string_view kCid = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";

template <class T>
std::string message_of(const Result<T>& result) {
  if (result) return "";
  EXPECT_EQ(result.error().code, Code::InvalidArgument);
  return result.error().message;
}

TEST(WasmParams, GoBothWays) {
  const WasmParams params{.entry_module = "/m.wasm",
                          .entrypoint = "main",
                          .parameters = {"a", ""},
                          .import_modules = {"/l.wasm"}};
  EXPECT_EQ(*wasm_params(to_spec(params)), params);
  EXPECT_EQ(wasm_params({"WASM", R"({"entrymodule":"m","Entrypoint":""})"})->entrypoint, "_start");
}

TEST(WasmParams, ErrorsNameTheParameter) {
  EXPECT_EQ(message_of(wasm_params({"wasm", R"({"EntryModul":"m"})"})),
            "engine \"wasm\": unknown \"EntryModul\"; did you mean \"EntryModule\"?");
  EXPECT_TRUE(message_of(wasm_params({"wasm", "{}"})).contains("EntryModule is missing"));
  EXPECT_EQ(message_of(wasm_params({"docker", "{}"})), "engine \"docker\" is not \"wasm\"");
  EXPECT_EQ(message_of(wasm_params({"wasm", R"({"Parameters":[1]})"})),
            "engine \"wasm\": Parameters[0]: expected text (in quotes), got 1");
  EXPECT_NE(message_of(wasm_params({"wasm", "{"})), "");
}

TEST(StorageParams, GoBothWays) {
  const InlineSource inlined{.url = "data:,hello"};
  const IpfsSource ipfs{.cid = std::string(kCid)};
  const LocalDirectorySource local{
      .source_path = "/d", .read_write = true, .create_as = CreateAs::Dir};
  EXPECT_EQ(*inline_source(to_spec(inlined)), inlined);
  EXPECT_EQ(*ipfs_source(to_spec(ipfs)), ipfs);
  EXPECT_EQ(*local_directory_source(to_spec(local)), local);
  EXPECT_EQ(local_directory_source({"local", R"({"SourcePath":"~/x"})"})->create_as,
            CreateAs::NoCreate);
}

TEST(StorageParams, ErrorsNameTheParameter) {
  EXPECT_NE(message_of(inline_source({"inline", R"({"URL":"http://x"})"})), "");
  EXPECT_EQ(message_of(ipfs_source({"ipfs", "{}"})), "input source \"ipfs\": CID is missing");
  EXPECT_NE(message_of(ipfs_source({"ipfs", R"({"CID":"nope"})"})), "");
  EXPECT_EQ(message_of(ipfs_source({"ipfs", R"({"Cdi":"x"})"})),
            "input source \"ipfs\": unknown \"Cdi\"; did you mean \"CID\"?");
  EXPECT_NE(message_of(local_directory_source({"local", R"({"SourcePath":"x"})"})), "");
  EXPECT_TRUE(
      message_of(local_directory_source({"local", R"({"SourcePath":"/x","CreateAs":"flie"})"}))
          .contains("did you mean \"file\"?"));
}

TEST(PublisherParams, IpfsTakesNoneAndGivesACid) {
  EXPECT_TRUE(check_ipfs_publisher({"IPFS", "{}"}));
  EXPECT_EQ(message_of(check_ipfs_publisher({"ipfs", R"({"CID":"x"})"})),
            "publisher \"ipfs\": unknown \"CID\"");
  const IpfsResult result{.cid = std::string(kCid)};
  EXPECT_EQ(*ipfs_result(to_spec(result)), result);
  EXPECT_NE(message_of(ipfs_result({"ipfs", "{}"})), "");
  EXPECT_NE(message_of(ipfs_result({"s3", "{}"})), "");
}

}  // namespace
}  // namespace skrei::model
