// SPDX-License-Identifier: Apache-2.0
#include "executor/noop/noop_executor.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "executor/noop/noop_program.hpp"
#include "executor/testing/engine_conformance.hpp"

namespace skrei::executor {
namespace {

using nlohmann::json;

class NoopUnderTest final : public testing::EngineUnderTest {
 public:
  std::unique_ptr<Engine> make(Surroundings around) override {
    return std::make_unique<noop::NoopExecutor>(
        around.loop, around.pool, clock_,
        noop::NoopExecutor::Options{.executions = around.executions, .retention = {}});
  }

  testing::Program all_bytes() override {
    Bytes bytes;
    for (int value = 0; value < 256; ++value)
      bytes.push_back(static_cast<std::uint8_t>(value));
    const Bytes backwards(bytes.rbegin(), bytes.rend());
    return program({{"StdoutBase64", to_base64(bytes)}, {"StderrBase64", to_base64(backwards)}});
  }
  testing::Program long_line(int megabytes) override {
    return program({{"Stdout", std::string(100'000, 'x')}, {"Repeat", megabytes * 10}});
  }
  testing::Program exit_with(int code) override { return program({{"ExitCode", code}}); }
  testing::Program sleep(std::chrono::milliseconds time) override {
    return program({{"DurationMillis", time.count()}});
  }
  testing::Program print_environment(std::vector<std::string> arguments) override {
    return program({{"PrintEnvironment", true}, {"Parameters", std::move(arguments)}});
  }
  testing::Program cat(std::string path) override {
    return program({{"Cat", json::array({std::move(path)})}});
  }
  testing::Program write_hello(std::string folder) override {
    return program({{"Write", {{folder + "/hello.txt", "hello world\n"}}}});
  }

 private:
  static testing::Program program(const json& params) {
    return {.engine = {.type = "noop", .params = params.dump()}, .inputs = {}};
  }

  SystemClock clock_;
};

TEST(NoopProgram, WrongParametersAreNamed) {
  const auto message = [](const char* params) {
    return noop::parse_program({.type = "noop", .params = params}).error().message;
  };

  EXPECT_EQ(message("[]"), "noop: the parameters are not a JSON object");
  EXPECT_EQ(message(R"({"Exit":1})"), "noop: unknown parameter \"Exit\"");
  EXPECT_EQ(message(R"({"ExitCode":"x"})"),
            "noop: parameter ExitCode has a value of the wrong type");
  EXPECT_EQ(noop::parse_program({.type = "noop", .params = "{}"}).value(), noop::NoopProgram{});
}

}  // namespace

namespace testing {

INSTANTIATE_TEST_SUITE_P(Noop, EngineConformance,
                         ::testing::Values(conforming(std::make_unique<NoopUnderTest>)));

}  // namespace testing
}  // namespace skrei::executor
