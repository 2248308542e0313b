// SPDX-License-Identifier: Apache-2.0
#include "model/task_key.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include <gtest/gtest.h>

namespace skrei::model {
namespace {

multi::Cid cid_of(std::string_view content) {
  return multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(as_bytes(content)));
}

TaskKeyFields full_fields() {
  return {.engine = "wasm",
          .abi = "wasi-preview1/1",
          .program = cid_of("program"),
          .imports = {cid_of("library")},
          .entrypoint = "_start",
          .args = {"-n", "3"},
          .working_directory = "/",
          .env = {{"A", "1"}, {"LONGER", "2"}},
          .partition = TaskKeyFields::Partition{.index = 1, .count = 4},
          .inputs = {{.target = "/b", .cid = cid_of("b")}, {.target = "/a", .cid = cid_of("a")}},
          .outputs = {{.name = "z", .path = "/z"}, {.name = "y", .path = "/y"}},
          .limits = {.fuel = 10,
                     .fuel_schedule = "wasmtime-48",
                     .time_seconds = 60,
                     .guest_memory_bytes = 1 << 26},
          .salt = "salt",
          .nonce = {1, 2, 3}};
}

TaskKeyFields small_fields() {
  return {.engine = "wasm",
          .abi = "wasi-preview1/1",
          .program = cid_of("program"),
          .entrypoint = "_start"};
}

// Computed by an independent encoder (testdata/task_key.py); a change here needs a new version.
TEST(TaskKey, GoldenVectors) {
  EXPECT_EQ(task_key(full_fields())->to_string(),
            "bafyreidqepwfyi3nrdwcotgujukiqn35hiz5hw7uhhk3ad475bfau5rcky");
  EXPECT_EQ(task_key(small_fields())->to_string(),
            "bafyreid2cuz4x36d4m7nhje6artsdyh4cm7e23wsa3wwqqwndkdxxwpqf4");
}

TEST(TaskKey, OrderOfInputsAndOutputsDoesNotMatter) {
  TaskKeyFields turned = full_fields();
  std::ranges::reverse(turned.inputs);
  std::ranges::reverse(turned.outputs);

  EXPECT_EQ(*task_key(turned), *task_key(full_fields()));
}

TEST(TaskKey, OnePartitionIsNone) {
  TaskKeyFields one = small_fields();
  one.partition = TaskKeyFields::Partition{.index = 0, .count = 1};

  EXPECT_EQ(*task_key(one), *task_key(small_fields()));
}

TEST(TaskKey, EveryFieldCounts) {
  const std::function<void(TaskKeyFields&)> changes[] = {
      [](TaskKeyFields&) {},
      [](TaskKeyFields& f) { f.engine = "x"; },
      [](TaskKeyFields& f) { f.abi = "x"; },
      [](TaskKeyFields& f) { f.program = cid_of("x"); },
      [](TaskKeyFields& f) { f.imports.clear(); },
      [](TaskKeyFields& f) { f.entrypoint = "x"; },
      [](TaskKeyFields& f) { f.args = {"3", "-n"}; },
      [](TaskKeyFields& f) { f.working_directory = "/x"; },
      [](TaskKeyFields& f) { f.env["A"] = "x"; },
      [](TaskKeyFields& f) { f.partition->index = 2; },
      [](TaskKeyFields& f) { f.partition->count = 5; },
      [](TaskKeyFields& f) { f.inputs[0].cid = cid_of("x"); },
      [](TaskKeyFields& f) { f.inputs[0].target = "/x"; },
      [](TaskKeyFields& f) { f.outputs[0].path = "/x"; },
      [](TaskKeyFields& f) { f.outputs[0].name = "x"; },
      [](TaskKeyFields& f) { f.limits.fuel = 11; },
      [](TaskKeyFields& f) { f.limits.fuel_schedule = "x"; },
      [](TaskKeyFields& f) { f.limits.time_seconds = 61; },
      [](TaskKeyFields& f) { f.limits.guest_memory_bytes = 1; },
      [](TaskKeyFields& f) { f.salt = "x"; },
      [](TaskKeyFields& f) { f.nonce = {}; },
  };
  std::set<std::string> keys;
  for (const auto& change : changes) {
    TaskKeyFields fields = full_fields();
    change(fields);
    EXPECT_TRUE(keys.insert(task_key(fields)->to_string()).second) << keys.size();
  }
}

TEST(TaskKey, RefusesTwoOfOneNameAndWhatIsNotText) {
  TaskKeyFields fields = full_fields();
  fields.inputs[0].target = fields.inputs[1].target;
  EXPECT_EQ(task_key(fields).error().message, "task key: input target \"/a\" is there twice");
  fields = full_fields();
  fields.outputs[0].name = fields.outputs[1].name;
  EXPECT_EQ(task_key(fields).error().code, Code::InvalidArgument);
  fields = full_fields();
  fields.args = {"\xff"};
  EXPECT_EQ(task_key(fields).error().code, Code::InvalidArgument);
}

}  // namespace
}  // namespace skrei::model
