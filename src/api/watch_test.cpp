// SPDX-License-Identifier: Apache-2.0
#include "api/testing/api_world.hpp"
#include "api/watch_hub.hpp"
#include "async/sleep.hpp"

namespace skrei::api {
namespace {

using model::JobStateType;

constexpr const char* kWatch = "/api/v1/orchestrator/jobs/watch";
constexpr const char* kWatchOne = "/api/v1/orchestrator/jobs/j-1/watch";

class WatchTest : public testing::ApiWorld {
 protected:
  static protocol::AppendEvent event_of(const std::string& job, std::string message) {
    return {.job_id = JobId(job),
            .job_version = 1,
            .execution_id = {},
            .event = {.message = std::move(message), .topic = "Submission"}};
  }
  void put(const std::string& job, JobStateType state, const std::string& message,
           const std::string& name_space = "default") {
    auto stored = stored_job(job, state);
    stored->namespace_ = name_space;
    stored->labels = {{"team", name_space}};
    commit({protocol::PutJob{stored}, event_of(job, message)});
  }
  void settle() {
    loop.run_task([]() -> async::Task<void> {
      static_cast<void>(co_await async::sleep_for(Duration::zero()));
    }());
  }
  /// Opens a watch, runs `act` once its head is there, and gives all that came up to its end.
  std::string watch(std::string target, std::function<void()> act, http::Headers headers = {}) {
    std::string text;
    loop.run_task(read_watch(*this, std::move(target), std::move(headers), std::move(act), text));
    return text;
  }
  static async::Task<void> read_watch(WatchTest& world, std::string target, http::Headers headers,
                                      std::function<void()> act, std::string& text) {
    const std::string url = fmt::format("http://127.0.0.1:{}{}", world.port, target);
    auto response = co_await world.client.send(
        {.method = "GET", .url = http::Url::parse(url).value(), .headers = std::move(headers)});
    EXPECT_TRUE(response);
    if (!response) co_return;
    EXPECT_EQ(response->status(), 200);
    EXPECT_EQ(response->headers().get("Content-Type"), "text/event-stream");
    act();
    auto all = co_await response->read_body(1 << 20);
    EXPECT_TRUE(all) << all.error().message;
    if (all) text = *std::move(all);
  }
  static std::vector<std::string> lines(const std::string& text, std::string_view field) {
    std::vector<std::string> values;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = std::string_view(text).substr(at, end - at);
      if (line.starts_with(field)) values.emplace_back(line.substr(field.size()));
      at = end + 1;
    }
    return values;
  }
};

TEST_F(WatchTest, AJobIsWatchedToItsEnd) {
  put("j-1", JobStateType::Running, "one");
  settle();

  const std::string text = watch(kWatchOne, [&] {
    put("j-2", JobStateType::Running, "of another");
    put("j-1", JobStateType::Running, "two");
    put("j-1", JobStateType::Completed, "three");
  });

  EXPECT_EQ(lines(text, "event: "), (std::vector<std::string>{"job", "job", "job", "end"}));
  EXPECT_EQ(lines(text, "id: "), (std::vector<std::string>{"1", "3", "4", "4"}));
  const auto data = lines(text, "data: ");
  ASSERT_EQ(data.size(), 4U) << text;
  const auto last = json::parse(data[2]).value();
  EXPECT_EQ(last["SeqNum"], 4);
  EXPECT_EQ(last["Event"]["Message"], "three");
  EXPECT_EQ(last["Job"]["State"]["StateType"], "Completed");
  EXPECT_EQ(last["Job"]["Namespace"], "default");
  EXPECT_EQ(json::parse(data[3]).value()["Reason"], "JobEnded");
}

TEST_F(WatchTest, AnEndedJobEndsTheWatchAtOnceAndAResumeHasNoContent) {
  put("j-1", JobStateType::Completed, "one");
  settle();

  EXPECT_EQ(lines(watch(kWatchOne, [] {}), "event: "), (std::vector<std::string>{"job", "end"}));
  EXPECT_EQ(get(kWatchOne, {{"Last-Event-ID", "1"}}).status, 204);
}

TEST_F(WatchTest, AllJobsAreWatchedFromTheListOnUntilTheNodeStops) {
  put("j-1", JobStateType::Running, "listed");
  settle();
  const auto list = get("/api/v1/orchestrator/jobs").json();
  put("j-2", JobStateType::Running, "between");
  settle();

  const std::string target =
      fmt::format("{}?from={}", kWatch, list["WatchFrom"].get<std::uint64_t>());
  const std::string text = watch(target, [&] {
    put("j-1", JobStateType::Completed, "after");
    loop.post([this] { loop.post([this] { api.begin_shutdown(); }); });
  });

  const auto ids = lines(text, "id: ");
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(ids.front(), "2") << "neither the listed one nor a gap";
  const auto data = lines(text, "data: ");
  EXPECT_EQ(json::parse(data.back()).value()["Reason"], "Shutdown");
}

TEST_F(WatchTest, FiltersByNamespaceAndLabels) {
  put("j-1", JobStateType::Running, "mine", "mine");
  put("j-2", JobStateType::Running, "theirs", "theirs");
  settle();

  for (const char* query : {"?from=0&wait=0s&namespace=mine", "?from=0&wait=0s&labels=team=mine"}) {
    const auto page = get(std::string(kWatch) + query).json();
    ASSERT_EQ(page["Items"].size(), 1U) << query;
    EXPECT_EQ(page["Items"][0]["JobID"], "j-1");
    EXPECT_EQ(page["NextFrom"], 2) << "what did not match is behind, too";
  }
}

TEST_F(WatchTest, ALongPollAnswersWhenSomethingHasHappened) {
  put("j-1", JobStateType::Running, "one");
  settle();
  clock.advance(std::chrono::seconds(1));
  loop.post([this] { put("j-1", JobStateType::Completed, "two"); });

  const auto page = get(std::string(kWatchOne) + "?from=1&wait=30s").json();

  ASSERT_EQ(page["Items"].size(), 1U);
  EXPECT_EQ(page["Items"][0]["Event"]["Message"], "two");
  EXPECT_EQ(page["NextFrom"], 2);
  const auto over = get(std::string(kWatchOne) + "?from=2&wait=30s").json();
  EXPECT_EQ(over["Items"].size(), 0U);
  EXPECT_EQ(over["End"], "JobEnded");
}

TEST_F(WatchTest, WhatIsNotKeptIs410) {
  // Retention took the job of the first event away.
  commit({event_of("j-gone", "one")});
  put("j-1", JobStateType::Running, "two");
  settle();

  const auto gone = get(std::string(kWatch) + "?from=0");
  EXPECT_EQ(gone.status, 410);
  EXPECT_NE(gone.message().find("not kept any more"), std::string::npos) << gone.text;
  EXPECT_EQ(get(std::string(kWatch) + "?from=1&wait=0s").json()["Items"].size(), 1U);
  const auto ahead = get(std::string(kWatch) + "?from=99");
  EXPECT_EQ(ahead.status, 410);
  EXPECT_NE(ahead.message().find("the newest event here is 2"), std::string::npos) << ahead.text;
}

/// One watcher on a hub of its own, without a server.
class WatcherTest : public WatchTest {
 protected:
  Watcher::Batch next(Watcher& watcher) {
    Watcher::Batch batch;
    loop.run_task([](Watcher& from, Watcher::Batch& into) -> async::Task<void> {
      auto got = co_await from.next(std::chrono::seconds(5));
      EXPECT_TRUE(got);
      if (got) into = *std::move(got);
    }(watcher, batch));
    return batch;
  }
  ~WatcherTest() override { loop.run_task(hub.stop()); }

  WatchHub hub{loop, clock, store};
};

TEST_F(WatcherTest, OneThatIsFarBehindMissesNothing) {
  put("j-1", JobStateType::Running, "first");
  settle();
  Watcher slow(hub, {}, 0);
  ASSERT_EQ(next(slow).events.size(), 1U);

  constexpr std::size_t kMany = 3 * Watcher::kEventsHeldMax;
  for (std::size_t i = 0; i < kMany; ++i)
    put("j-1", JobStateType::Running, fmt::to_string(i));
  settle();
  std::uint64_t expected = 2;
  while (expected < kMany + 2) {
    const auto batch = next(slow);
    ASSERT_FALSE(batch.events.empty()) << "after " << expected;
    for (const auto& event : batch.events)
      ASSERT_EQ(event->item.seq_num, expected++);
  }
}

TEST_F(WatcherTest, WatchersShareOneReading) {
  put("j-1", JobStateType::Running, "first");
  settle();
  Watcher one(hub, {}, 1);
  Watcher two(hub, {.job = JobId("j-1"), .namespace_ = {}, .labels = {}}, 1);
  put("j-1", JobStateType::Running, "second");

  const auto of_one = next(one);
  const auto of_two = next(two);
  ASSERT_EQ(of_one.events.size(), 1U);
  ASSERT_EQ(of_two.events.size(), 1U);
}

}  // namespace
}  // namespace skrei::api
