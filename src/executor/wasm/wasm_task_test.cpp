// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/wasm_task.hpp"

#include <gtest/gtest.h>

namespace skrei::executor::wasm {
namespace {

model::Task task() {
  model::Task task;
  task.engine = model::to_spec({.entry_module = "/app.wasm", .import_modules = {"/lib/a.wasm"}});
  task.input_sources = {{.source = {}, .alias = "", .target = "/app.wasm"},
                        {.source = {}, .alias = "", .target = "/lib/a.wasm"}};
  return task;
}

TEST(WasmTask, ARunnableTaskPasses) {
  EXPECT_TRUE(check_task(task()));
}

TEST(WasmTask, WhatCannotRunIsRefusedWithASentence) {
  auto no_module = task();
  no_module.input_sources.erase(no_module.input_sources.begin());
  EXPECT_EQ(check_task(no_module).error().message,
            "EntryModule \"/app.wasm\": no input source has this target; add one that provides the "
            "module");

  auto no_import = task();
  no_import.input_sources.pop_back();
  EXPECT_EQ(check_task(no_import).error().message,
            "ImportModules \"/lib/a.wasm\": no input source has this target; add one that provides "
            "the module");

  auto network = task();
  network.network.type = model::NetworkType::Full;
  EXPECT_EQ(check_task(network).error().message,
            "network Full: the engine \"wasm\" has no network; set it to None");

  auto gpu = task();
  gpu.resources.gpu = "1";
  EXPECT_EQ(check_task(gpu).error().message, "gpu 1: the engine \"wasm\" cannot use GPUs");
}

TEST(WasmTask, ModulesAreTakenOutOfTheInputs) {
  const auto split =
      split_inputs({.entry_module = "/app.wasm", .import_modules = {"/lib/a.wasm"}},
                   {{"/h/1", "/inputs"}, {"/h/2", "/lib/a.wasm"}, {"/h/3", "/app.wasm"}});

  ASSERT_TRUE(split);
  EXPECT_EQ(split->modules, (std::vector<std::filesystem::path>{"/h/3", "/h/2"}));
  EXPECT_EQ(split->imports, std::vector<std::string>{"a"});
  EXPECT_EQ(split->others, (std::vector<InputMount>{{"/h/1", "/inputs"}}));
}

TEST(WasmTask, TheKeyOfAProgramChangesWithItsParts) {
  const Sha256Digest one{1};
  const Sha256Digest two{2};
  const auto key = [](std::vector<Sha256Digest> modules, std::vector<std::string> imports,
                      std::string_view entry) {
    return program_key(modules, imports, entry);
  };

  EXPECT_EQ(key({one}, {}, "_start"), key({one}, {}, "_start"));
  EXPECT_NE(key({one}, {}, "_start"), key({two}, {}, "_start"));
  EXPECT_NE(key({one}, {}, "_start"), key({one}, {}, "main"));
  EXPECT_NE(key({one, two}, {"a"}, "_start"), key({one, two}, {"b"}, "_start"));
}

}  // namespace
}  // namespace skrei::executor::wasm
