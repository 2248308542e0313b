// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/testing/requester_decider.hpp"

namespace skrei::orchestrator {
namespace {

using namespace testing;

class Retries : public RequesterDecider {
 protected:
  /// The offers that were just sent.
  std::vector<std::pair<NodeId, OfferId>> offers() const {
    std::vector<std::pair<NodeId, OfferId>> result;
    for (const protocol::Send& send : last.sends) {
      const auto* offer = std::get_if<protocol::Offer>(&send.message);
      if (offer) result.emplace_back(send.to, offer->id);
    }
    return result;
  }
  protocol::Award take_offer(const NodeId& node, const OfferId& offer) {
    hear(node, protocol::Bid{.offer = offer, .time_to_live = 5s, .missing_bytes = 0});
    const auto* award = sent<protocol::Award>(node);
    EXPECT_NE(award, nullptr);
    return *award;
  }
  std::string trouble_of(const NodeId& id) const {
    for (const model::NodeState& node : decider->nodes()) {
      if (node.info.node_id == id) return node.connection_state.last_error;
    }
    return "no such node";
  }
};

TEST_F(Retries, SayWhyAndWhenInTheHistoryAndTheState) {
  join(kA);
  const JobId id = submit();

  outcome(kA, bid(kA), failed(protocol::Fault::Node));

  EXPECT_TRUE(told("Partition 0 is started again in "));
  const std::string& message = jobs.at(id).state.message;
  EXPECT_TRUE(message.contains("(attempt 2 of 4), after node n-a: it broke")) << message;
  const auto event = std::ranges::find_if(last.rows, [](const protocol::Mutation& row) {
    const auto* told = std::get_if<protocol::AppendEvent>(&row);
    return told && told->event.details.contains("NextTime");
  });
  ASSERT_NE(event, last.rows.end());
  const model::StringMap& details = std::get<protocol::AppendEvent>(*event).event.details;
  EXPECT_EQ(details.at("Attempt"), "2");
  EXPECT_EQ(details.at("Reason"), "it broke");
}

TEST_F(Retries, StateIsWrittenAtMostEachSecondAndSaysTheNewest) {
  join(kA);
  const JobId id = submit(batch_job(2));
  const auto first = offers();
  const auto one = take_offer(kA, first[0].second);
  const auto two = take_offer(kA, first[1].second);
  outcome(kA, one, failed(protocol::Fault::Node));
  const std::uint64_t revision = jobs.at(id).revision;

  outcome(kA, two, failed(protocol::Fault::Node));
  EXPECT_EQ(jobs.at(id).revision, revision);
  pass(999ms);
  EXPECT_EQ(jobs.at(id).revision, revision);
  pass(1ms);

  EXPECT_TRUE(jobs.at(id).state.message.starts_with("Partition 1 is started again"));
}

TEST_F(Retries, GoElsewhereAndWaitAMomentForThat) {
  join(kA);
  join(kB);
  submit();
  const protocol::Award award = bid(kA);
  submit();
  refuse(kB, protocol::RefusalKind::NotNow, "busy");
  const auto second = offers();
  ASSERT_EQ(second.size(), 1U);
  outcome(kA, take_offer(kA, second[0].second));

  outcome(kA, award, failed(protocol::Fault::Node));
  pass(2s);

  EXPECT_EQ(sent<protocol::Offer>(kA), nullptr);
  EXPECT_NE(sent<protocol::Offer>(kB), nullptr);
}

TEST_F(Retries, OfWhatNeverStartedCostNoAttemptAndBlameNobody) {
  join(kA);
  const JobId id = submit();
  for (int time = 0; time < 3; ++time) {
    const protocol::Award award = bid(kA);
    EXPECT_EQ(award.attempt, 1);
    outcome(kA, award, failed(protocol::Fault::Unstarted));
    EXPECT_EQ(state(id), JobStateType::Running);
    pass(120s);
  }
  // But they have their limit too.
  for (int attempt = 1; attempt <= 4; ++attempt) {
    const protocol::Award award = bid(kA);
    EXPECT_EQ(award.attempt, attempt);
    outcome(kA, award, failed(protocol::Fault::Unstarted));
    pass(120s);
  }
  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(trouble_of(kA), "");
}

TEST_F(Retries, ExhaustedOnesNameEachFailingPartition) {
  restart({.retries = 1});
  join(kA);
  const JobId id = submit(batch_job(2));
  auto open = offers();
  ASSERT_EQ(open.size(), 2U);
  const auto zero = take_offer(kA, open[0].second);
  const auto one = take_offer(kA, open[1].second);
  outcome(kA, one, failed(protocol::Fault::Node));
  outcome(kA, zero, failed(protocol::Fault::Node));
  pass(60s);
  open = offers();
  ASSERT_EQ(open.size(), 2U);

  outcome(kA, take_offer(kA, open[0].second), failed(protocol::Fault::Node));

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_EQ(jobs.at(id).state.message,
            "partition 0: it broke\n• partition 1 failed before: it broke");
}

TEST_F(Retries, AJobThatBreaksNodeAfterNodeIsStopped) {
  std::vector<NodeId> nodes;
  for (int number = 0; number < 4; ++number) {
    nodes.emplace_back("n-" + std::to_string(number));
    join(nodes.back());
  }
  const JobId id = submit(batch_job(4));
  std::vector<std::pair<NodeId, protocol::Award>> awards;
  for (const auto& [node, offer] : offers())
    awards.emplace_back(node, take_offer(node, offer));
  ASSERT_EQ(awards.size(), 4U);

  for (const auto& [node, award] : awards)
    outcome(node, award, failed(protocol::Fault::Node));

  EXPECT_EQ(state(id), JobStateType::Failed);
  EXPECT_TRUE(jobs.at(id).state.message.starts_with(
      "stopped because it broke executions on 4 nodes in a row\n• Node n-0: it broke"))
      << jobs.at(id).state.message;
  for (const NodeId& node : nodes)
    EXPECT_EQ(trouble_of(node), "") << "one job condemns no node";
}

TEST_F(Retries, ANodeThatBreaksJobAfterJobIsSetAsideAndTriedWithOne) {
  join(kA);
  std::vector<protocol::Award> awards;
  for (int number = 0; number < 3; ++number) {
    submit();
    awards.push_back(bid(kA));
  }
  for (const protocol::Award& award : awards) {
    EXPECT_EQ(trouble_of(kA), "");
    outcome(kA, award, failed(protocol::Fault::Node));
  }

  EXPECT_TRUE(trouble_of(kA).starts_with("is set aside until ")) << trouble_of(kA);
  EXPECT_TRUE(trouble_of(kA).ends_with("it broke executions of 3 jobs in a row, last: it broke"));
  pass(59s);
  EXPECT_TRUE(offers().empty());
  pass(1s);
  ASSERT_EQ(offers().size(), 1U) << "one execution has to show that it is well";
  EXPECT_EQ(trouble_of(kA), "");
  const protocol::Award trial = take_offer(kA, offers()[0].second);
  EXPECT_TRUE(offers().empty());
  outcome(kA, trial);
  EXPECT_EQ(offers().size(), 1U);
}

TEST_F(Retries, ACutConnectionBlamesNobody) {
  join(kA);
  for (int number = 0; number < 3; ++number) {
    submit();
    bid(kA);
  }
  take(decider->on_peer_down(kA, now));
  pass(40s);

  join(kA);

  EXPECT_EQ(trouble_of(kA), "");
}

}  // namespace
}  // namespace skrei::orchestrator
