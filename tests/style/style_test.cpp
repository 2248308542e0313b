// SPDX-License-Identifier: Apache-2.0
// Reads the whole tree and holds it to the rules of docs/style.md that a program can check. The
// second half plants violations, so that a rule that has gone blind is noticed.

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules.hpp"

namespace skrei::style {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SKREI_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw std::runtime_error("cannot read " + path.string());
  }
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool is_checked(const fs::path& path) {
  static constexpr std::array kExtensions = {".cpp", ".hpp", ".c", ".h", ".rs", ".sh", ".cmake"};
  return path.filename() == "CMakeLists.txt" ||
         std::ranges::find(kExtensions, path.extension()) != kExtensions.end();
}

std::vector<Source> read_tree() {
  std::vector<Source> sources;
  for (const char* folder :
       {"src", "tests", "bench", "fuzz", "examples", "native/src", "cmake", "scripts"}) {
    if (!fs::exists(kRoot / folder)) {
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (entry.is_regular_file() && is_checked(entry.path())) {
        sources.push_back(
            make_source(fs::relative(entry.path(), kRoot).generic_string(), read(entry.path())));
      }
    }
  }
  return sources;
}

Rooms rooms_of_tree() {
  return Rooms::parse(read(kRoot / "tests/style/rooms.txt"));
}

TEST(Tree, FollowsTheRules) {
  const Rooms rooms = rooms_of_tree();
  const auto exceptions = parse_exceptions(read(kRoot / "tests/style/exceptions.txt"));
  std::vector<bool> used(exceptions.size(), false);
  const std::vector<Source> sources = read_tree();
  ASSERT_GT(sources.size(), 20u) << "the tree was not found at " << kRoot;

  for (const Source& source : sources) {
    for (const Finding& finding : check(source, rooms)) {
      const auto match = std::ranges::find_if(
          exceptions, [&](const Exception& exception) { return exception.covers(finding); });
      if (match == exceptions.end()) {
        ADD_FAILURE_AT(finding.path.c_str(), static_cast<int>(finding.line))
            << fmt::format("{}: {}", finding.rule, finding.message);
      } else {
        used[static_cast<std::size_t>(match - exceptions.begin())] = true;
      }
    }
  }

  for (std::size_t i = 0; i < exceptions.size(); ++i) {
    EXPECT_TRUE(used[i]) << "exceptions.txt: nothing breaks the rule " << exceptions[i].rule
                         << " in " << exceptions[i].path << " any more; take the line out";
  }
}

TEST(Tree, EveryRoomIsInTheTable) {
  const Rooms rooms = rooms_of_tree();
  for (const auto& entry : fs::directory_iterator(kRoot / "src")) {
    if (entry.is_directory()) {
      EXPECT_TRUE(rooms.rank.contains(entry.path().filename().string())) << entry.path();
    }
  }
}

/// The rules that find something in a file of this path and text.
std::vector<std::string> rules_broken(std::string path, std::string_view text) {
  const std::string head = path.ends_with(".hpp")
                               ? "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"
                               : "// SPDX-License-Identifier: Apache-2.0\n";
  std::vector<std::string> rules;
  for (const Finding& finding :
       check(make_source(std::move(path), head + std::string(text)), rooms_of_tree())) {
    rules.push_back(finding.rule);
  }
  return rules;
}

using Rules = std::vector<std::string>;

std::string repeated(std::string_view line, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) {
    text += line;
  }
  return text;
}

TEST(Tokens, AreFoundOutsideTheirHome) {
  struct Case {
    std::string_view path;
    std::string_view text;
    std::string_view rule;
  };
  const Case cases[] = {
      {"src/http/server.cpp", "#include <boost/asio.hpp>\n", "asio"},
      {"src/http/server.cpp", "void f() { co_spawn(e, g(), asio::detached); }\n", "detached"},
      {"src/http/server.cpp", "std::thread worker;\n", "thread"},
      {"src/db/db_test.cpp", "void f() { std::this_thread::sleep_for(1s); }\n", "sleep"},
      {"src/db/db.cpp", "void f() { ::sleep(1); }\n", "sleep"},
      {"src/db/db.cpp", "auto t = std::chrono::steady_clock::now();\n", "clock"},
      {"src/db/db.cpp", "std::random_device device;\n", "random"},
      {"src/db/db.cpp", "const char* home = std::getenv(name);\n", "getenv"},
      {"src/db/db.cpp", "#include <iostream>\n", "iostream"},
      {"src/api/jobs.cpp", "auto text = value.dump();\n", "dump"},
      {"src/db/db.cpp", "// TODO: later\n", "todo"},
      {"src/protocol/job.cpp", "std::unordered_map<int, int> jobs;\n", "unordered"},
      {"src/protocol/job.hpp", "void f(const Clock& clock);\n", "decider"},
      {"src/protocol/job.cpp", "Task<void> f() { co_await g(); }\n", "decider"},
      {"src/orchestrator/decider.cpp", "#include <random>\n", "decider"},
  };

  for (const Case& c : cases) {
    EXPECT_EQ(rules_broken(std::string(c.path), c.text), Rules{std::string(c.rule)}) << c.text;
  }
}

TEST(Tokens, AreAllowedAtHomeAndInCommentsAndLiterals) {
  EXPECT_EQ(rules_broken("src/async/pool.cpp", "std::thread worker;\n"), Rules{});
  EXPECT_EQ(rules_broken("src/cli/main.cpp", "#include <iostream>\n"), Rules{});
  EXPECT_EQ(rules_broken("src/json/write.cpp", "auto s = v.dump();\n"), Rules{});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "// no std::thread here\n/* nor\nusleep( */\n"), Rules{});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "auto s = \"std::thread\" R\"x(usleep( \")x\";\n"),
            Rules{});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "int n = 1'000'000; // std::thread '\n"), Rules{});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "// TODO(#12): later\n"), Rules{});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "my_getenv(x); std::thread_pool y;\n"), Rules{});
  EXPECT_EQ(rules_broken("src/protocol/job_test.cpp", "ManualClock clock; Clock& c = clock;\n"),
            Rules{});
}

TEST(Tokens, AreFoundAfterALiteralThatLooksLikeAComment) {
  EXPECT_EQ(rules_broken("src/db/db.cpp", "auto s = \"// \\\"\"; std::thread t;\n"),
            Rules{"thread"});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "char c = '\"'; std::thread t; char d = '\"';\n"),
            Rules{"thread"});
}

TEST(Includes, GoUpwardsOnly) {
  EXPECT_EQ(rules_broken("src/model/job.hpp", "#include \"multi/cid.hpp\"\n"), Rules{});
  EXPECT_EQ(rules_broken("src/multi/cid.hpp", "#include \"model/job.hpp\"\n"), Rules{"include"});
  EXPECT_EQ(rules_broken("src/protocol/job.hpp", "#include \"async/task.hpp\"\n"),
            Rules{"include"});
  EXPECT_EQ(rules_broken("src/model/job.hpp", "#include \"nowhere/job.hpp\"\n"), Rules{"include"});
  EXPECT_EQ(rules_broken("src/model/job.hpp", "#include \"job.hpp\"\n"), Rules{"include"});
  EXPECT_EQ(rules_broken("src/nowhere/job.hpp", ""), Rules{"include"});
}

TEST(Includes, TheCAbiIsSeenByNativeAlone) {
  EXPECT_EQ(rules_broken("src/native/engine.cpp", "#include \"skrei_wasm.h\"\n"), Rules{});
  EXPECT_EQ(rules_broken("src/swarm/swarm.cpp", "#include \"skrei_wasm.h\"\n"), Rules{"include"});
}

TEST(Includes, DriversAreSeenByNodeAlone) {
  const std::string_view wasm = "#include \"executor/wasm/engine.hpp\"\n";
  EXPECT_EQ(rules_broken("src/node/node.cpp", wasm), Rules{});
  EXPECT_EQ(rules_broken("src/compute/run.cpp", wasm), Rules{"include"});
  EXPECT_EQ(rules_broken("src/executor/executor.cpp", wasm), Rules{"include"});
  EXPECT_EQ(rules_broken("src/executor/noop/engine.cpp", wasm), Rules{"include"});
  EXPECT_EQ(rules_broken("src/executor/wasm/supervisor.cpp", wasm), Rules{});
  EXPECT_EQ(rules_broken("src/executor/wasm/engine.cpp", "#include \"executor/executor.hpp\"\n"),
            Rules{});
}

TEST(Includes, TestsMayUseWhateverStandsAboveThem) {
  const std::string_view store = "#include \"jobstore/memory/store.hpp\"\n";
  EXPECT_EQ(rules_broken("src/orchestrator/shell_test.cpp", store), Rules{});
  EXPECT_EQ(rules_broken("src/protocol/job_test.cpp", store), Rules{"include"});
  EXPECT_EQ(rules_broken("src/compute/testing/fake.cpp", store), Rules{});
}

TEST(Sizes, AreBounded) {
  EXPECT_EQ(rules_broken("src/db/db.hpp", repeated("int f();\n", 298)), Rules{});
  EXPECT_EQ(rules_broken("src/db/db.hpp", repeated("int f();\n", 299)), Rules{"file-length"});
  EXPECT_EQ(rules_broken("src/db/db.cpp", repeated("int f();\n", 600)), Rules{"file-length"});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "// " + std::string(97, 'x') + "\n"), Rules{});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "// " + std::string(98, 'x') + "\n"),
            Rules{"line-length"});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "// " + repeated("…", 97) + "\n"), Rules{});
}

TEST(Sizes, FunctionsAreMeasuredByTheirBraces) {
  const std::string body = repeated("  if (x) { g(\"}\"); }\n", 68);
  const std::string longer = body + "  g('}');\n";

  EXPECT_EQ(rules_broken("src/db/db.cpp", "void f() {\n" + body + "}\n"), Rules{});
  for (const char* signature :
       {"void f() {", "TEST(Foo, Bar) {", "template <class T> auto f(T x) -> int {",
        "Foo::Foo() : a_{1}, b_{2} {", "namespace n { class A : public B { int f() const {"}) {
    EXPECT_EQ(rules_broken("src/db/db.cpp", std::string(signature) + "\n" + longer + "}\n"),
              Rules{"function-length"})
        << signature;
  }
}

TEST(Sizes, TablesAndClassesAreNoFunctions) {
  const std::string lines = repeated("  {1, 2},\n", 100);
  EXPECT_EQ(rules_broken("src/db/db.cpp", "const int kTable[][2] = {\n" + lines + "};\n"), Rules{});
  const std::string members = repeated("  int f() const { return 1; }\n", 100);
  EXPECT_EQ(
      rules_broken("src/db/db.cpp", "template <class T>\nclass A final {\n" + members + "};\n"),
      Rules{});
}

TEST(Form, IsHeldTo) {
  const Rooms rooms = rooms_of_tree();
  const auto only_rule = [&](std::string path, std::string text) {
    const auto findings = check(make_source(std::move(path), std::move(text)), rooms);
    return findings.size() == 1 ? findings.front().rule
                                : fmt::format("{} findings", findings.size());
  };

  EXPECT_EQ(only_rule("src/db/db.cpp", "int f();\n"), "spdx");
  EXPECT_EQ(only_rule("src/db/db.hpp", "// SPDX-License-Identifier: Apache-2.0\n"), "pragma-once");
  EXPECT_EQ(rules_broken("src/db/db.cpp", "\tint f();\n"), Rules{"whitespace"});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "int f();\r\n"), Rules{"whitespace"});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "int f(); \n"), Rules{"whitespace"});
  EXPECT_EQ(rules_broken("src/db/db.cpp", "int f();"), Rules{"whitespace"});
}

TEST(Exceptions, NeedAReasonAndCoverAFileOrAFolder) {
  EXPECT_THROW(parse_exceptions("thread src/db/\n"), std::runtime_error);
  const auto exceptions = parse_exceptions("# why\n\nthread src/db/ SQLite asks for it\n");

  ASSERT_EQ(exceptions.size(), 1u);
  EXPECT_TRUE(exceptions[0].covers({"thread", "src/db/db.cpp", 1, ""}));
  EXPECT_FALSE(exceptions[0].covers({"sleep", "src/db/db.cpp", 1, ""}));
  EXPECT_FALSE(exceptions[0].covers({"thread", "src/dbx/db.cpp", 1, ""}));
}

TEST(RoomsTable, RefusesAnArrowDownwards) {
  EXPECT_THROW(Rooms::parse("base: async\nasync: base\n"), std::runtime_error);
}

}  // namespace
}  // namespace skrei::style
