// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor.hpp"

#include <gtest/gtest.h>

namespace skrei::executor::wasm {
namespace {

TEST(SupervisorArguments, ComeBackAsTheyWere) {
  const SupervisorOptions options{.folder = "/data/wasm",
                                  .executions = "/data/executions",
                                  .walls = WallsLevel::Namespaces,
                                  .users = WallsUsers{.first = 70'000, .count = 4'096},
                                  .retention = {.head_bytes = 1, .tail_bytes = 2},
                                  .orphan_limit = std::chrono::seconds(3)};

  EXPECT_EQ(parse_arguments(to_arguments(options)).value(), options);
}

TEST(SupervisorArguments, WrongOnesAreNamed) {
  const auto message = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), std::string(kSupervisorCommand));
    return parse_arguments(std::move(arguments)).error().message;
  };

  EXPECT_EQ(message({}),
            "wasm-supervisor is started by the node and needs --folder and --executions");
  EXPECT_EQ(message({"--folder"}), "--folder: a value is missing");
  EXPECT_EQ(message({"--walls", "paper"}), "--walls: unknown level \"paper\"");
  EXPECT_EQ(message({"--orphan-seconds", "1h"}), "--orphan-seconds: \"1h\" is not a number");
  EXPECT_EQ(message({"--speed", "1"}), "--speed: unknown option");
}

}  // namespace
}  // namespace skrei::executor::wasm
