// SPDX-License-Identifier: Apache-2.0
#include "model/time_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace skrei::model {
namespace {

using namespace std::chrono_literals;

TEST(TimeText, WritesAsManyDigitsAsNeeded) {
  const auto at = [](std::int64_t nanoseconds) {
    return format_time(WallTime(Duration(nanoseconds)));
  };
  EXPECT_EQ(at(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(at(1'785'578'400'100'000'000), "2026-08-01T10:00:00.1Z");
  EXPECT_EQ(at(1), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(TimeText, ReadsOffsets) {
  EXPECT_EQ(*parse_time("2026-08-01T12:30:00.1+02:30"), *parse_time("2026-08-01T10:00:00.1Z"));
  EXPECT_EQ(*parse_time("2026-08-01t08:00:00-02:00"), *parse_time("2026-08-01 10:00:00z"));
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const std::string_view text :
       {"", "now", "2026-08-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-08-01T24:00:00Z", "2026-08-01T10:00:00", "2026-08-01T10:00:00.Z",
        "2026-08-01T10:00:00.1234567890Z", "2026-08-01T10:00:00Zz", "0001-01-01T00:00:00Z",
        "2026-08-01T10:00:00+2:00", "2026-08-01T10:-1:00Z"}) {
    EXPECT_EQ(parse_time(text).error().code, Code::InvalidArgument) << text;
  }
}

TEST(TimeText, IsAnInverse) {
  EXPECT_TRUE(rc::check("time", [] {
    const WallTime time{Duration(
        *rc::gen::inRange<std::int64_t>(-9'000'000'000'000'000'000, 9'000'000'000'000'000'000))};
    RC_ASSERT(*parse_time(format_time(time)) == time);
  }));
  EXPECT_TRUE(rc::check("duration", [] {
    const Duration duration(
        *rc::gen::inRange<std::int64_t>(-9'000'000'000'000'000'000, 9'000'000'000'000'000'000));
    const auto back = parse_duration(format_duration(duration));
    RC_ASSERT(back.has_value());
    RC_ASSERT(std::chrono::abs(*back - duration) <= 1us);
  }));
}

TEST(DurationText, TakesGoForms) {
  EXPECT_EQ(*parse_duration("1h30m"), 90min);
  EXPECT_EQ(*parse_duration("1.5h"), 90min);
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("-5m"), -5min);
  EXPECT_EQ(*parse_duration("0"), 0s);
  EXPECT_EQ(*parse_duration("2us3ns"), 2003ns);
  EXPECT_EQ(format_duration(90min), "1h30m0s");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(-250ms), "-250ms");
  EXPECT_EQ(format_duration(0s), "0s");
}

TEST(DurationText, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "30", "s", "1x", "1h-5m", "--1s", "1..5s", "9999999999h", "1 s", "."}) {
    EXPECT_EQ(parse_duration(text).error().code, Code::InvalidArgument) << text;
  }
}

}  // namespace
}  // namespace skrei::model
