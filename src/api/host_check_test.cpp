// SPDX-License-Identifier: Apache-2.0
#include "api/host_check.hpp"

#include <gtest/gtest.h>

namespace skrei::api {
namespace {

TEST(HostCheck, LetsAddressesAndItsOwnNamesThrough) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:1234", "10.1.2.3:80", "[::1]:1234", "[::1]",
                           "localhost", "LocalHost:1234", "node.example", "NODE.example:1234"}) {
    EXPECT_TRUE(is_allowed_host(host, {"node.example"})) << host;
  }
}

TEST(HostCheck, RefusesNamesThatAWebPageMayHaveMade) {
  for (const char* host : {"", "attacker.example", "attacker.example:1234", "localhost.attacker",
                           "127.0.0.1.attacker.example", "x.node.example", "node.example.", ":80",
                           "localhost:x", "[::1", "2130706433"}) {
    EXPECT_FALSE(is_allowed_host(host, {"node.example"})) << host;
  }
}

}  // namespace
}  // namespace skrei::api
