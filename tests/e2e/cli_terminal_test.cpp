// SPDX-License-Identifier: Apache-2.0
// The command line as a person sees it, and what ends it: terminals, pipes, signals.

#include <csignal>

#include "testing/cli_session.hpp"
#include "testing/node_test.hpp"

namespace skrei::e2e {
namespace {

using std::chrono_literals::operator""s;
namespace fs = std::filesystem;

const Connection kTerminal{
    .kind = Connection::Kind::Terminal, .columns = 80, .terminal = "xterm", .no_colour = false};

class CliTerminal : public NodeTest {
 protected:
  using Session = std::unique_ptr<CliSession>;

  Session open(std::vector<std::string> arguments, Connection connection = {}) {
    CliRun run{.arguments = std::move(arguments), .home = dir_.path(), .port = node_.port()};
    auto session = CliSession::start(runner_.loop(), std::move(run), std::move(connection));
    EXPECT_TRUE(session) << (session ? "" : session.error().message);
    return session ? *std::move(session) : nullptr;
  }

  void see(Session& session, const std::string& text) {
    const Result<void> seen = runner_.run(session->wait_for(text));
    EXPECT_TRUE(seen) << (seen ? "" : seen.error().message);
  }

  int end(Session& session) { return value(runner_.run(session->ended())); }

  /// `wasm run` of a program that sleeps, once it runs.
  Session open_sleeper(Connection connection = {}) {
    Session session = open({"wasm", "run", module("sleep.wasm"), "--", "3600"}, connection);
    see(session, "sleeping");  // A terminal ends lines in its own way.
    return session;
  }

  /// "j-…" of the only job there is.
  std::string only_job() {
    const json::Value list = get("/api/v1/orchestrator/jobs");
    return list["Items"].empty() ? "" : list["Items"][0]["ID"];
  }
  std::string state_of(const std::string& id) {
    return get("/api/v1/orchestrator/jobs/" + id)["Job"]["State"]["StateType"];
  }

  static std::string module(const std::string& name) {
    return fs::path(SKREI_TEST_MODULES_DIR) / name;
  }
};

TEST_F(CliTerminal, OffATerminalSignalsStopTheJob) {
  for (const auto& [signal, code] : {std::pair(SIGINT, 130), std::pair(SIGTERM, 143)}) {
    Session session = open_sleeper();
    const std::string id = only_job();

    ASSERT_TRUE(session->signal(signal));

    EXPECT_EQ(end(session), code) << session->shown();
    EXPECT_EQ(ended(id).state(), "Stopped");
    EXPECT_TRUE(session->shown().contains("was stopped")) << session->shown();
  }
}

TEST_F(CliTerminal, SighupLeavesTheJobRunning) {
  Session session = open_sleeper();
  const std::string id = only_job();

  ASSERT_TRUE(session->signal(SIGHUP));

  EXPECT_EQ(end(session), 0) << session->shown();
  EXPECT_EQ(state_of(id), "Running");
  EXPECT_TRUE(session->shown().contains("goes on")) << session->shown();
}

TEST_F(CliTerminal, OnATerminalTheSecondCtrlCStopsTheJob) {
  Session session = open_sleeper(kTerminal);
  const std::string id = only_job();

  ASSERT_TRUE(session->signal(SIGINT));
  see(session, "Ctrl-C again within 3 s");
  EXPECT_EQ(state_of(id), "Running") << "the first one only asks";
  ASSERT_TRUE(session->signal(SIGINT));

  EXPECT_EQ(end(session), 130) << session->shown();
  EXPECT_EQ(ended(id).state(), "Stopped");
}

TEST_F(CliTerminal, OnATerminalDDetaches) {
  Session session = open_sleeper(kTerminal);
  const std::string id = only_job();

  ASSERT_TRUE(session->signal(SIGINT));
  see(session, "Ctrl-C again within 3 s");
  ASSERT_TRUE(session->type("d\n"));

  EXPECT_EQ(end(session), 0) << session->shown();
  EXPECT_EQ(state_of(id), "Running");
}

TEST_F(CliTerminal, AWaitWithALimitLeavesTheJobRunning) {
  Session session =
      open({"wasm", "run", "--wait-timeout-secs", "1", module("sleep.wasm"), "--", "3600"});

  EXPECT_EQ(end(session), 124) << session->shown();
  EXPECT_TRUE(session->shown().contains("goes on")) << session->shown();
  EXPECT_EQ(state_of(only_job()), "Running");
}

TEST_F(CliTerminal, StopAsksOnATerminal) {
  const std::string id = submit(wasm_job(add_module("sleep.wasm"), {"3600"}));
  wait_running(id);

  Session no = open({"job", "stop", id}, kTerminal);
  see(no, "[y/N]");
  ASSERT_TRUE(no->type("\n"));
  EXPECT_EQ(end(no), 0);
  EXPECT_EQ(state_of(id), "Running");

  Session yes = open({"job", "stop", id}, kTerminal);
  see(yes, "[y/N]");
  ASSERT_TRUE(yes->type("y\n"));
  EXPECT_EQ(end(yes), 0);
  EXPECT_EQ(ended(id).state(), "Stopped");
}

TEST_F(CliTerminal, AReaderThatGoesAwayIsNoError) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"job", "list"},
                                             {"node", "list", "--output", "json"},
                                             {"config", "list"},
                                             {"help"},
                                             {"completion", "bash"}}) {
    Session session = open(words);
    session->close_output();
    EXPECT_EQ(end(session), 0) << fmt::format("{}", fmt::join(words, " "));
    EXPECT_EQ(session->shown(), "") << fmt::format("{}", fmt::join(words, " "));
  }
}

TEST_F(CliTerminal, ColourIsForTerminalsThatWantIt) {
  const std::string red = "\x1b[31m";
  const std::vector<std::string> wrong = {"job", "describe", "j-none"};
  const auto shown = [&](std::vector<std::string> arguments, Connection connection) {
    Session session = open(std::move(arguments), std::move(connection));
    EXPECT_EQ(end(session), 1);
    return session->shown();
  };

  EXPECT_TRUE(shown(wrong, kTerminal).contains(red + "Error: "));
  EXPECT_FALSE(shown(wrong, {}).contains("\x1b"));
  Connection quiet = kTerminal;
  quiet.no_colour = true;
  EXPECT_FALSE(shown(wrong, quiet).contains("\x1b[3"));
  Connection dumb = kTerminal;
  dumb.terminal = "dumb";
  EXPECT_FALSE(shown(wrong, dumb).contains("\x1b")) << shown(wrong, dumb);
  EXPECT_FALSE(shown({"--no-color", "job", "describe", "j-none"}, kTerminal).contains("\x1b[3"));
}

TEST_F(CliTerminal, TheStatusLineMovesOnTerminalsOnlyAndFits) {
  const std::vector<std::string> words = {"wasm", "run", "--detach", module("sleep.wasm"),
                                          "--",   "3600"};
  Session begun = open(words);
  EXPECT_EQ(end(begun), 0);
  const std::string id = only_job();
  wait_running(id);
  const auto shown = [&](Connection connection) {
    Session session = open({"job", "wait", "--timeout", "1", id}, std::move(connection));
    EXPECT_EQ(end(session), 124);
    return session->shown();
  };
  const std::string clear = "\r\x1b[K";

  Connection narrow = kTerminal;
  narrow.columns = 12;
  const std::string in_narrow = shown(narrow);
  const std::size_t at = in_narrow.find(clear);
  ASSERT_NE(at, std::string::npos) << in_narrow;
  EXPECT_LE(in_narrow.find(clear, at + 1) - at - clear.size(), 11u) << in_narrow;
  EXPECT_FALSE(shown({}).contains("\x1b"));
  Connection dumb = kTerminal;
  dumb.terminal = "dumb";
  EXPECT_FALSE(shown(dumb).contains("\x1b"));
}

}  // namespace
}  // namespace skrei::e2e
