// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "orchestrator/testing/requester_decider.hpp"

namespace skrei::orchestrator {
namespace {

using namespace testing;

/// Nodes that run a few executions each, bid while they have room and say busy when they have not.
class Line : public RequesterDecider {
 protected:
  struct Running {
    NodeId node;
    protocol::Award award;
  };

  void join_some(int count, std::size_t room) {
    room_ = room;
    for (int number = 0; number < count; ++number) {
      join(NodeId("n-" + std::to_string(1000 + number)));
      answer();
    }
  }
  void tell(const NodeId& node, protocol::Message message) {
    hear(node, std::move(message));
    ++events;
    effects_max = std::max(effects_max, last.rows.size() + last.sends.size());
    offers_max = std::max(offers_max, decider->open_offers());
    answer();
  }
  /// The nodes hear what was just sent.
  void answer() {
    for (protocol::Send& send : last.sends) {
      if (auto* offer = std::get_if<protocol::Offer>(&send.message)) {
        unanswered.emplace_back(send.to, offer->id);
      } else if (auto* award = std::get_if<protocol::Award>(&send.message)) {
        running.push_back({send.to, *award});
        started.push_back(award->job->id);
        ++starts[send.to];
      }
    }
    last.sends.clear();
  }
  void answer_offers() {
    while (!unanswered.empty()) {
      const auto [node, offer] = unanswered.front();
      unanswered.pop_front();
      const auto here = std::ranges::count(running, node, &Running::node);
      if (static_cast<std::size_t>(here) < room_) {
        tell(node, protocol::Bid{.offer = offer, .time_to_live = 5s, .missing_bytes = 0});
      } else {
        tell(node, protocol::Refusal{offer, {{"busy", "full", protocol::RefusalKind::NotNow}}});
      }
    }
  }
  void end_one() {
    const Running first = running.front();
    running.pop_front();
    tell(first.node, protocol::Outcome{first.award.execution, first.award.epoch, 9, {}});
  }
  void run_to_the_end() {
    answer_offers();
    while (!running.empty()) {
      end_one();
      answer_offers();
    }
  }

  std::size_t room_ = 1;
  std::deque<std::pair<NodeId, OfferId>> unanswered;
  std::deque<Running> running;
  /// Jobs of the awards, in their order.
  std::vector<JobId> started;
  std::map<NodeId, int> starts;
  std::size_t events = 0;
  std::size_t effects_max = 0;
  std::size_t offers_max = 0;
};

TEST_F(Line, TenThousandPartitionsRunInWavesOnTwoNodes) {
  constexpr int kCount = 10'000;
  join_some(2, 8);
  const JobId id = submit(batch_job(kCount));
  answer();

  run_to_the_end();

  EXPECT_EQ(state(id), JobStateType::Completed);
  EXPECT_EQ(executions.size(), static_cast<std::size_t>(kCount)) << "none failed for lack of room";
  EXPECT_LE(offers_max, Options{}.offers_per_job_max);
  EXPECT_LT(effects_max, 20U) << "an event costs the same whatever the Count";
  EXPECT_LT(events, 4U * kCount) << "an end asks for one more, not for all";
}

TEST_F(Line, ABigJobSharesWithOthersOfItsPriority) {
  join_some(1, 1);
  submit(batch_job(1000));
  answer();
  const JobId small = submit(batch_job(1));
  answer();
  const JobId other = submit(batch_job(3));
  answer();

  for (int end = 0; end < 100; ++end) {
    answer_offers();
    end_one();
  }

  EXPECT_EQ(state(small), JobStateType::Completed);
  EXPECT_EQ(state(other), JobStateType::Completed);
}

TEST_F(Line, PriorityComesBeforeAgeAndMayBeNegative) {
  room_ = 1;
  // By priority, then by age.
  std::map<std::pair<int, int>, JobId> order;
  int age = 0;
  for (const int priority : {0, -5, 7, 0, -1}) {
    model::Job job = batch_job();
    job.priority = priority;
    order.emplace(std::pair(-priority, age++), submit(job));
  }
  std::vector<JobId> wanted;
  for (const auto& [place, id] : order)
    wanted.push_back(id);

  join_some(1, 1);
  run_to_the_end();

  EXPECT_EQ(started, wanted);
}

TEST_F(Line, ManyNodesShareTheWorkAlike) {
  constexpr int kNodes = 300;
  join_some(kNodes, 4);
  for (int number = 0; number < 2 * kNodes; ++number) {
    submit();
    answer();
    answer_offers();
  }

  ASSERT_EQ(starts.size(), static_cast<std::size_t>(kNodes));
  for (const auto& [node, count] : starts)
    EXPECT_EQ(count, 2) << node.str();
}

TEST_F(Line, FavouredNodesAreAskedFirstAndOthersNotExcluded) {
  join(kA);
  join(kB);
  model::Job job = batch_job();
  job.constraints.push_back({"favour_zone", model::LabelOperator::Equals, {"b"}});
  model::NodeInfo favoured = node_info(kB);
  favoured.labels.emplace("favour_zone", "b");
  take(decider->on_node_described(favoured, now));

  submit(job);
  EXPECT_NE(sent<protocol::Offer>(kB), nullptr);
  take(decider->on_peer_down(kB, now));
  submit(job);
  EXPECT_NE(sent<protocol::Offer>(kA), nullptr);
}

TEST_F(Line, OneJobHasSoManyOpenOffersAndNoMore) {
  join_some(8, 100);
  submit(batch_job(1000));
  EXPECT_EQ(decider->open_offers(), Options{}.offers_per_job_max);
  submit(batch_job(1));
  EXPECT_EQ(decider->open_offers(), Options{}.offers_per_job_max + 1);
}

}  // namespace
}  // namespace skrei::orchestrator
