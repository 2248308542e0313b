// SPDX-License-Identifier: Apache-2.0
#include "api/history_token.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace skrei::api {
namespace {

using HistoryPage = jobstore::Page<model::JobHistory>;

model::Job job_in(model::JobStateType state) {
  model::Job job;
  job.state.state_type = state;
  return job;
}

HistoryPage page_up_to(std::uint64_t seq) {
  HistoryPage page;
  page.items.emplace_back().seq_num = seq;
  return page;
}

TEST(HistoryToken, StaysUntilTheJobHasEnded) {
  const auto running = job_in(model::JobStateType::Running);
  const auto token = history_token(running, 0, page_up_to(7));

  EXPECT_EQ(parse_history_token(token).value(), 7U);
  EXPECT_EQ(history_token(job_in(model::JobStateType::Completed), 0, page_up_to(7)), "");
}

TEST(HistoryToken, AnEmptyPageKeepsThePlace) {
  const auto token = history_token(job_in(model::JobStateType::Queued), 7, HistoryPage());

  EXPECT_EQ(parse_history_token(token).value(), 7U);
}

TEST(HistoryToken, OfAnEndedJobLeadsToTheLastPage) {
  HistoryPage page = page_up_to(7);
  page.next.emplace();

  EXPECT_EQ(parse_history_token(history_token(job_in(model::JobStateType::Stopped), 0, page)), 7U);
}

TEST(HistoryToken, AnythingElseIsRefusedWithASentence) {
  for (const std::string& text : {std::string("x"), std::string("!"), to_base64url(as_bytes("h")),
                                  to_base64url(as_bytes("h-1")), to_base64url(as_bytes("h1x")),
                                  to_base64url(as_bytes("c1:7"))}) {
    const auto parsed = parse_history_token(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::InvalidArgument);
    EXPECT_TRUE(parsed.error().message.ends_with("start again without it"));
  }
}

}  // namespace
}  // namespace skrei::api
