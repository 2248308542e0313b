// SPDX-License-Identifier: Apache-2.0
#include "swarm/inprocess/network.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "async/loop.hpp"

namespace skrei::swarm::inprocess {
namespace {

const NodeId kA("n-a");
const NodeId kB("n-b");

protocol::Message cancel(int number) {
  return protocol::Cancel{ExecutionId("e-" + std::to_string(number)), 1, "test"};
}

/// What a node hears, as text.
struct Ear {
  std::vector<std::string> heard;

  Peers::Handlers handlers() {
    return {.message =
                [this](const NodeId& from, const protocol::Message& message) {
                  const auto& content = std::get<protocol::Cancel>(message);
                  heard.push_back(from.str() + ":" + content.execution.str());
                },
            .peer =
                [this](const PeerEvent& event) {
                  if (const auto* up = std::get_if<PeerUp>(&event)) {
                    heard.push_back("up " + up->node.str());
                  } else if (const auto* down = std::get_if<PeerDown>(&event)) {
                    heard.push_back("down " + down->node.str());
                  } else if (const auto* info = std::get_if<NodeDescribed>(&event)) {
                    heard.push_back("described " + info->info.node_id.str());
                  } else {
                    heard.push_back("forgotten " + std::get<NodeForgotten>(event).node.str());
                  }
                }};
  }
};

/// Runs the loop until nothing is left to do in it.
void drain(async::Loop& loop) {
  constexpr int kTurns = 2000;
  std::function<void(int)> turn = [&](int left) {
    if (left == 0) {
      loop.stop();
    } else {
      loop.post([&turn, left] { turn(left - 1); });
    }
  };
  turn(kTurns);
  loop.run();
}

class InProcessNetwork : public ::testing::Test {
 protected:
  async::Loop loop;
  Network network{loop, {.inbox_max = 100}};
};

TEST_F(InProcessNetwork, NodeHearsItselfInALaterTurn) {
  Ear ear;
  auto peers = network.join(kA);
  peers->start(ear.handlers());

  ASSERT_TRUE(peers->send(kA, cancel(1)));

  EXPECT_TRUE(ear.heard.empty());
  drain(loop);
  EXPECT_EQ(ear.heard, (std::vector<std::string>{"up n-a", "n-a:e-1"}));
}

TEST_F(InProcessNetwork, KeepsTheOrderOfMessagesAndDropsBeyondTheBound) {
  Ear ear_a;
  Ear ear_b;
  auto a = network.join(kA);
  auto b = network.join(kB);
  a->start(ear_a.handlers());
  b->start(ear_b.handlers());
  drain(loop);
  ear_b.heard.clear();

  for (int number = 0; number < 100; ++number)
    ASSERT_TRUE(a->send(kB, cancel(number)));
  const auto refused = a->send(kB, cancel(100));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::ResourceExhausted);
  EXPECT_EQ(network.dropped(), 1U);
  drain(loop);
  ASSERT_EQ(ear_b.heard.size(), 100U);
  for (int number = 0; number < 100; ++number) {
    EXPECT_EQ(ear_b.heard[static_cast<std::size_t>(number)], "n-a:e-" + std::to_string(number));
  }
  EXPECT_TRUE(a->send(kB, cancel(101))) << "a read inbox has room again";
}

TEST_F(InProcessNetwork, TellsOfDescriptionsAndOfThoseWhoLeave) {
  Ear ear;
  Ear other_ear;
  auto a = network.join(kA);
  auto b = network.join(kB);
  a->start(ear.handlers());
  b->start(other_ear.handlers());
  model::NodeInfo info;
  info.node_id = kB;
  b->announce(info);
  drain(loop);
  ear.heard.clear();

  b->stop();

  const auto refused = a->send(kB, cancel(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Unavailable);
  drain(loop);
  EXPECT_EQ(ear.heard, (std::vector<std::string>{"down n-b", "forgotten n-b"}));
}

TEST_F(InProcessNetwork, LateComersHearOfThoseWhoAreThere) {
  Ear ear_a;
  Ear ear_b;
  auto a = network.join(kA);
  a->start(ear_a.handlers());
  model::NodeInfo info;
  info.node_id = kA;
  a->announce(info);
  auto b = network.join(kB);

  b->start(ear_b.handlers());
  drain(loop);

  EXPECT_EQ(ear_b.heard, (std::vector<std::string>{"up n-a", "described n-a", "up n-b"}));
}

TEST_F(InProcessNetwork, NoHandlerRunsAfterStop) {
  Ear ear;
  auto peers = network.join(kA);
  peers->start(ear.handlers());
  ASSERT_TRUE(peers->send(kA, cancel(1)));

  peers->stop();
  drain(loop);

  EXPECT_TRUE(ear.heard.empty());
}

}  // namespace
}  // namespace skrei::swarm::inprocess
