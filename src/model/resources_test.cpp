// SPDX-License-Identifier: Apache-2.0
#include "model/resources.hpp"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace skrei::model {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

struct Case {
  std::string_view text;
  std::uint64_t amount;
};

TEST(ParseCpu, TakesKubernetesQuantities) {
  for (const auto& [text, millis] : std::initializer_list<Case>{{"500m", 500},
                                                                {"2", 2000},
                                                                {"0.1", 100},
                                                                {".5", 500},
                                                                {"1.", 1000},
                                                                {"0.0001", 1},
                                                                {"100.5m", 101},
                                                                {" 3 ", 3000},
                                                                {"2k", 2'000'000},
                                                                {"1e1", 10'000},
                                                                {"0", 0}}) {
    const auto parsed = parse_cpu(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, millis) << text;
  }
}

TEST(ParseByteSize, TakesHumanAndKubernetesForms) {
  for (const auto& [text, bytes] : std::initializer_list<Case>{{"512Mb", 512'000'000},
                                                               {"512MB", 512'000'000},
                                                               {"512M", 512'000'000},
                                                               {"512Mi", 512u << 20},
                                                               {"512MiB", 512u << 20},
                                                               {"1GiB", 1u << 30},
                                                               {"1.5 GB", 1'500'000'000},
                                                               {"0.5Ki", 512},
                                                               {"1.0001k", 1001},
                                                               {"128974848", 128'974'848},
                                                               {"129e6", 129'000'000},
                                                               {"1E", 1'000'000'000'000'000'000},
                                                               {"17b", 17},
                                                               {"18446744073709551615", kMax},
                                                               {"15EiB", 15ULL << 60}}) {
    const auto parsed = parse_byte_size(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, bytes) << text;
  }
}

TEST(ParseAmounts, RefuseWhatIsNone) {
  for (const std::string_view text :
       {"", " ", "m", "-1", "+1", "1 2", "1..2", "1e99", "1Q", "0x10", "1,5", "one", "1mm", "5g",
        "99999999999999999999999999", "18446744073709551616"}) {
    EXPECT_EQ(parse_cpu(text).error().code, Code::InvalidArgument) << text;
  }
  for (const std::string_view text : {"", "-1Mi", "1Mib1", "1e99", "16EiB", "1.2.3k", "Mi",
                                      "18446744073709551616", "1 xb", "\xff"}) {
    EXPECT_EQ(parse_byte_size(text).error().code, Code::InvalidArgument) << text;
  }
  for (const std::string_view text : {"", "-1", "1.5", "1m", "one"}) {
    EXPECT_EQ(parse_gpu(text).error().code, Code::InvalidArgument) << text;
  }
}

TEST(ParseResources, JoinsTheErrorsOfAllFields) {
  EXPECT_EQ(*parse_resources({.cpu = "1", .memory = "1kB", .disk = "", .gpu = "2"}),
            (Resources{.cpu_millis = 1000, .memory_bytes = 1000, .disk_bytes = 0, .gpu = 2}));
  const auto wrong = parse_resources({.cpu = "x", .memory = "y", .disk = "z", .gpu = "-1"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(std::ranges::count(wrong.error().message, '\n'), 3);
  EXPECT_TRUE(wrong.error().message.contains("memory: size \"y\" is not an amount"));
}

TEST(Resources, ArithmeticStopsAtItsEnds) {
  const Resources a{.cpu_millis = 10, .memory_bytes = kMax, .disk_bytes = 5, .gpu = 1};
  const Resources b{.cpu_millis = 20, .memory_bytes = 1, .disk_bytes = 5, .gpu = 0};

  EXPECT_EQ(a + b, (Resources{.cpu_millis = 30, .memory_bytes = kMax, .disk_bytes = 10, .gpu = 1}));
  EXPECT_EQ(a - b,
            (Resources{.cpu_millis = 0, .memory_bytes = kMax - 1, .disk_bytes = 0, .gpu = 1}));
  EXPECT_TRUE((b - b).is_zero());
}

TEST(Resources, WhatFitsLeavesRoomThatAddsUp) {
  EXPECT_TRUE(rc::check("need + (room - need) == room iff it fits",
                        [](std::uint32_t cpu, std::uint32_t memory, std::uint32_t room_cpu,
                           std::uint32_t room_memory) {
                          const Resources need{.cpu_millis = cpu, .memory_bytes = memory};
                          const Resources room{.cpu_millis = room_cpu, .memory_bytes = room_memory};
                          RC_ASSERT(fits(need, room) == (need + (room - need) == room));
                          RC_ASSERT(fits(need, room) == explain_misfit(need, room).empty());
                        }));
}

TEST(Resources, MisfitIsExplained) {
  EXPECT_EQ(explain_misfit({.cpu_millis = 3000, .memory_bytes = 2u << 30, .gpu = 1},
                           {.cpu_millis = 2000, .memory_bytes = 1u << 30}),
            "cpu: asked 3000m, at most 2000m; memory: asked 2GiB, at most 1GiB; "
            "gpu: asked 1, at most 0");
}

TEST(FormatByteSize, IsShortAndExactWherePossible) {
  for (const auto& [bytes, text] :
       std::initializer_list<std::pair<std::uint64_t, std::string>>{{0, "0B"},
                                                                    {17, "17B"},
                                                                    {1000, "1kB"},
                                                                    {1024, "1KiB"},
                                                                    {1536, "1.5KiB"},
                                                                    {512'000'000, "512MB"},
                                                                    {512u << 20, "512MiB"},
                                                                    {3ULL << 29, "1.5GiB"},
                                                                    {123'456'789, "123.5MB"},
                                                                    {kMax, "18446.7PB"}}) {
    EXPECT_EQ(format_byte_size(bytes), text) << bytes;
  }
}

}  // namespace
}  // namespace skrei::model
