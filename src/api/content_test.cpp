// SPDX-License-Identifier: Apache-2.0
#include "api/testing/api_world.hpp"
#include "multi/cid.hpp"

namespace skrei::api {
namespace {

constexpr const char* kContent = "/api/v1/content";

class ContentApiTest : public testing::ApiWorld {
 protected:
  std::string add(const std::string& query, std::string body) {
    const auto reply = call("POST", kContent + query, std::move(body));
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.json().value("CID", "");
  }
};

TEST_F(ContentApiTest, AFileGoesInAndComesOut) {
  const std::string bytes(700'000, 'x');
  const std::string cid = add("?format=raw", bytes);

  EXPECT_EQ(get(fmt::format("{}/{}", kContent, cid)).text, bytes);
  const auto stat = get(fmt::format("{}/{}?format=stat", kContent, cid)).json();
  EXPECT_EQ(stat["Size"], 700'000);
  EXPECT_EQ(stat["CID"], cid);
  EXPECT_EQ(stat["Complete"], true);
  EXPECT_FALSE(content.list_pins(multi::Cid::parse(cid).value()).value().empty()) << "it is kept";
}

TEST_F(ContentApiTest, AFolderGoesInAsATarAndComesOutAsTheSame) {
  const std::string file = add("?format=raw", "hello");
  const std::string tar = get(fmt::format("{}/{}?format=tar", kContent, file)).text;
  ASSERT_GE(tar.size(), 1024U);

  const std::string folder = add("?format=tar", tar);

  const auto listing = get(fmt::format("{}/{}?format=ls", kContent, folder)).json();
  ASSERT_EQ(listing["Items"].size(), 1U) << listing.dump();
  const std::string name = listing["Items"][0]["Name"];
  EXPECT_EQ(listing["Items"][0]["CID"], file);
  EXPECT_EQ(get(fmt::format("{}/{}?path={}", kContent, folder, name)).text, "hello");
  const auto again =
      call("POST", kContent, get(fmt::format("{}/{}?format=tar", kContent, folder)).text,
           {{"Content-Type", "application/x-tar"}});
  EXPECT_EQ(again.status, 200) << "known by its type: " << again.text;
}

TEST_F(ContentApiTest, WrongRequestsAreRefusedWithASentence) {
  const std::string cid = add("?format=raw", "hello");
  const std::string folder =
      add("?format=tar", get(fmt::format("{}/{}?format=tar", kContent, cid)).text);

  EXPECT_EQ(call("POST", fmt::format("{}?format=zip", kContent), "x").message(),
            "format=\"zip\": use raw or tar");
  EXPECT_EQ(call("POST", fmt::format("{}?profile=none", kContent), "x").status, 400);
  EXPECT_EQ(call("POST", fmt::format("{}?format=tar", kContent), "no tar at all").status, 400);
  EXPECT_EQ(call("POST", kContent, std::string((1 << 20) + 1, 'x')).status, 413);
  EXPECT_EQ(get(fmt::format("{}/{}?format=zip", kContent, cid)).message(),
            "format=\"zip\": use raw, tar, stat or ls");
  EXPECT_EQ(get(fmt::format("{}/not-a-cid", kContent)).status, 400);
  EXPECT_EQ(get(fmt::format("{}/{}?path=no/such", kContent, folder)).status, 404);
  EXPECT_EQ(get(fmt::format("{}/{}?format=raw", kContent, folder)).status, 400);
  const auto absent =
      multi::Cid::v1(multi::Codec::Raw, multi::Multihash::sha2_256(as_bytes("absent"))).to_string();
  EXPECT_EQ(get(fmt::format("{}/{}", kContent, absent)).status, 404);
}

TEST_F(ContentApiTest, AFullDiskIs507) {
  content.fail_with(Error{Code::OutOfSpace, "the disk is full"});

  const auto reply = call("POST", kContent, "x");

  EXPECT_EQ(reply.status, 507);
  EXPECT_EQ(reply.message(), "the disk is full");
}

/// A job whose execution e-1 has said "hello".
class LogsApiTest : public testing::ApiWorld {
 protected:
  LogsApiTest() {
    commit({protocol::PutJob{stored_job("j-1", model::JobStateType::Completed)},
            protocol::PutExecution{stored_execution("e-1", "j-1")}});
    loop.run_task([](executor::Engine& engine) -> async::Task<void> {
      executor::ExecutionSpec spec;
      spec.id = ExecutionId("e-1");
      spec.engine = {.type = "noop", .params = R"({"Stdout":"hello","Stderr":"oh"})"};
      EXPECT_TRUE(co_await engine.start(std::move(spec)));
      EXPECT_TRUE(co_await engine.wait(ExecutionId("e-1")));
    }(noop));
  }
  std::string logs(std::string_view query) {
    return fmt::format("/api/v1/orchestrator/jobs/j-1/logs?{}", query);
  }
  /// Every frame until the server closes.
  static async::Task<void> read(LogsApiTest& test, std::string target,
                                std::vector<std::string>& frames) {
    auto socket = co_await test.client.open_websocket(
        http::Url::parse(fmt::format("ws://127.0.0.1:{}{}", test.port, target)).value());
    EXPECT_TRUE(socket) << socket.error().message;
    if (!socket) co_return;
    while (const auto message = co_await (*socket)->receive())
      frames.push_back(message->data);
  }
};

TEST_F(LogsApiTest, RawOutputIsExactFromAnyOffset) {
  EXPECT_EQ(get(logs("format=raw&execution_id=e-1")).text, "hello");
  EXPECT_EQ(get(logs("format=raw&execution_id=e-1&source=stdout&from=2")).text, "llo");
  EXPECT_EQ(get(logs("format=raw&execution_id=e-1&source=stderr&follow=true")).text, "oh");
  EXPECT_EQ(get(logs("format=raw&execution_id=e-1&from=5")).text, "") << "the end is an offset";
}

TEST_F(LogsApiTest, WrongRawRequestsAreRefusedWithASentence) {
  EXPECT_EQ(get(logs("format=raw&execution_id=e-1&from=6")).status, 400);
  EXPECT_EQ(get(logs("format=raw&execution_id=e-1&from=x")).status, 400);
  EXPECT_EQ(get(logs("format=raw&execution_id=e-none")).status, 404);
  EXPECT_EQ(get(logs("format=raw")).message(),
            "format=raw needs execution_id=…: one stream of one run");
  EXPECT_EQ(get(logs("format=raw&execution_id=e-1&source=stdin")).message(),
            "source=\"stdin\": use stdout or stderr");
  EXPECT_EQ(get(logs("")).status, 426) << "not a websocket";
}

TEST_F(LogsApiTest, AWebsocketGetsTheFramesOfV1AndEnds) {
  std::vector<std::string> frames;

  loop.run_task(read(*this, logs("follow=true"), frames));

  std::sort(frames.begin(), frames.end());
  EXPECT_EQ(frames, (std::vector<std::string>{R"({"value":{"Line":"hello","Type":1}})",
                                              R"({"value":{"Line":"oh","Type":2}})"}));
}

}  // namespace
}  // namespace skrei::api
