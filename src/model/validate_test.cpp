// SPDX-License-Identifier: Apache-2.0
#include "model/validate.hpp"

#include <functional>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "model/job_json.hpp"

namespace skrei::model {
namespace {

using std::chrono::seconds;

Job good_job() {
  Job job;
  job.name = "n";
  job.type = JobType::Batch;
  Task task;
  task.name = "main";
  task.engine = {"wasm", R"({"EntryModule":"/m"})"};
  task.publisher.type = "ipfs";
  task.input_sources = {{.source = {"ipfs", "{}"}, .alias = "a", .target = "/in"}};
  task.result_paths = {{.name = "out", .path = "/out"}};
  job.tasks = {task};
  return job;
}

std::string error_of(const std::function<void(Job&)>& spoil) {
  Job job = good_job();
  spoil(job);
  const auto result = admit(job, {});
  if (result) return "";
  EXPECT_EQ(result.error().code, Code::InvalidArgument);
  return result.error().message;
}

struct Rule {
  std::string_view part;
  std::function<void(Job&)> spoil;
};

void expect_rules(std::initializer_list<Rule> rules) {
  for (const auto& [part, spoil] : rules) {
    const std::string message = error_of(spoil);
    EXPECT_TRUE(message.contains(part)) << part << "\nis not in: " << message;
    EXPECT_FALSE(message.contains('\n')) << message;
  }
}

TEST(Validate, AGoodJobPasses) {
  EXPECT_EQ(error_of([](Job&) {}), "");
  EXPECT_EQ(error_of([](Job& job) { job.count = 0; }), "");
  EXPECT_EQ(error_of([](Job& job) { job.tasks[0].engine.type = "my-engine"; }), "");
}

TEST(Validate, JobRules) {
  expect_rules({
      {"missing job type",
       [](Job& job) {
         job.type = JobType::Unset;
       }},
      {"Count -1 is negative",
       [](Job& job) {
         job.count = -1;
       }},
      {"Count 10001 is more than 10000",
       [](Job& job) {
         job.count = 10'001;
       }},
      {"leave Count out",
       [](Job& job) {
         job.type = JobType::Ops;
         job.count = 2;
       }},
      {"missing tasks",
       [](Job& job) {
         job.tasks.clear();
       }},
      {"constraint on \"a b\"",
       [](Job& job) {
         job.constraints = {{"a b", LabelOperator::Exists, {}}};
       }},
      {"Name of 300 bytes",
       [](Job& job) {
         job.name = std::string(300, 'x');
       }},
      {"control characters",
       [](Job& job) {
         job.name = "a\x01";
       }},
      {"means all namespaces",
       [](Job& job) {
         job.namespace_ = "*";
       }},
      {"1001 constraints",
       [](Job& job) {
         job.constraints.assign(1001, {"a", LabelOperator::Exists, {}});
       }},
  });
}

TEST(Validate, TaskRules) {
  expect_rules({
      {"missing task name",
       [](Job& job) {
         job.tasks[0].name = " ";
       }},
      {"missing engine type",
       [](Job& job) {
         job.tasks[0].engine.type = "";
       }},
      {"Engine.Type: unknown \"dokcer\"; did you mean \"docker\"?",
       [](Job& job) {
         job.tasks[0].engine.type = "dokcer";
       }},
      {"Publisher.Type: unknown \"ipsf\"; did you mean \"ipfs\"?",
       [](Job& job) {
         job.tasks[0].publisher.type = "ipsf";
       }},
      {"CPU \"much\" is not an amount",
       [](Job& job) {
         job.tasks[0].resources.cpu = "much";
       }},
      {"memory: size \"-1\"",
       [](Job& job) {
         job.tasks[0].resources.memory = "-1";
       }},
      {"publisher must be set",
       [](Job& job) {
         job.tasks[0].publisher.type = "";
       }},
      {"ExecutionTimeout -1 s is negative",
       [](Job& job) {
         job.tasks[0].timeouts.execution = seconds(-1);
       }},
      {"together exceed TotalTimeout",
       [](Job& job) {
         job.tasks[0].timeouts = {seconds(5), seconds(6), seconds(10)};
       }},
      {"more than ten years",
       [](Job& job) {
         job.tasks[0].timeouts.queue = seconds::max();
       }},
      {"Env \"1A\"",
       [](Job& job) {
         job.tasks[0].env = {{"1A", "x"}};
       }},
      {"Env \"a\"",
       [](Job& job) {
         job.tasks[0].env = {{"a", "x"}};
       }},
      {"set by the node",
       [](Job& job) {
         job.tasks[0].env = {{"BACALHAU_X", "x"}};
       }},
      {"the value is empty",
       [](Job& job) {
         job.tasks[0].env = {{"A", ""}};
       }},
      {"does not name a variable",
       [](Job& job) {
         job.tasks[0].env = {{"A", "env:"}};
       }},
  });
}

TEST(Validate, InputAndResultRules) {
  const auto add_input = [](Job& job, std::string alias, std::string target) {
    job.tasks[0].input_sources.push_back({{"ipfs", "{}"}, std::move(alias), std::move(target)});
  };
  const auto add_result = [](Job& job, std::string name, std::string path) {
    job.tasks[0].result_paths.push_back({std::move(name), std::move(path)});
  };
  expect_rules({
      {"alias \"a\" already exists",
       [&](Job& job) {
         add_input(job, "a", "/b");
       }},
      {"target \"/in\" already exists",
       [&](Job& job) {
         add_input(job, "b", "/in");
       }},
      {"has no target",
       [&](Job& job) {
         add_input(job, "b", "");
       }},
      {"may not hold",
       [&](Job& job) {
         add_input(job, "b", "/a/../b");
       }},
      {"has no type",
       [](Job& job) {
         job.tasks[0].input_sources[0].source.type = "";
       }},
      {"did you mean \"inline\"?",
       [](Job& job) {
         job.tasks[0].input_sources[0].source.type = "inlin";
       }},
      {"name \"out\" already exists",
       [&](Job& job) {
         add_result(job, "out", "/b");
       }},
      {"path \"/out\" already exists",
       [&](Job& job) {
         add_result(job, "b", "/out");
       }},
      {"must be absolute",
       [&](Job& job) {
         add_result(job, "b", "b");
       }},
      {"must be absolute",
       [&](Job& job) {
         add_result(job, "b", "/b/../..");
       }},
      {"is not the name of a folder",
       [&](Job& job) {
         add_result(job, "..", "/b");
       }},
      {"is not the name of a folder",
       [&](Job& job) {
         add_result(job, "a/b", "/b");
       }},
      {"is taken",
       [&](Job& job) {
         add_result(job, "stdout", "/b");
       }},
  });
}

TEST(Validate, NetworkRules) {
  const auto with_ports = [](NetworkType type, std::vector<PortMapping> ports) {
    return [type, ports](Job& job) {
      job.tasks[0].network = {type, {}, ports};
    };
  };
  using enum NetworkType;
  expect_rules({
      {"domains can be set with network type HTTP only",
       [](Job& job) {
         job.tasks[0].network = {Full, {"a.com"}, {}};
       }},
      {"invalid domain \"a_b\"",
       [](Job& job) {
         job.tasks[0].network = {Http, {"a_b"}, {}};
       }},
      {"ports can be set", with_ports(None, {{"a", 0, 80, ""}})},
      {"port without a name", with_ports(Bridge, {{"", 0, 80, ""}})},
      {"other characters", with_ports(Bridge, {{"a-b", 0, 80, ""}})},
      {"port name \"A\" already exists", with_ports(Bridge, {{"a", 0, 1, ""}, {"A", 0, 2, ""}})},
      {"not in 1024", with_ports(Bridge, {{"a", 80, 0, ""}})},
      {"static port 2000 already exists",
       with_ports(Host, {{"a", 2000, 0, ""}, {"b", 2000, 0, ""}})},
      {"not allowed in Host mode", with_ports(Host, {{"a", 0, 80, ""}})},
      {"target port 80 already exists", with_ports(Bridge, {{"a", 0, 80, ""}, {"b", 0, 80, ""}})},
      {"target 70000", with_ports(Bridge, {{"a", 0, 70'000, ""}})},
  });
  EXPECT_EQ(error_of([](Job& job) { job.tasks[0].network = {Http, {" A.Com ", ".b.org"}, {}}; }),
            "");
}

TEST(Validate, TellsEverythingAtOnce) {
  EXPECT_EQ(error_of([](Job& job) {
              job.type = JobType::Unset;
              job.tasks[0].name = "";
              job.tasks[0].engine.type = "";
            }),
            "missing job type; set Type to batch, ops, service or daemon\n"
            "task \"\": missing task name\n"
            "task \"\": missing engine type");
}

TEST(Sanitise, DropsWhatTheServerOwns) {
  Job job = good_job();
  job.id = JobId("j-1");
  job.state.state_type = JobStateType::Completed;
  job.version = 3;
  job.create_time = WallTime(Duration(1));
  job.meta = {{"bacalhau.org/x", "y"}, {"mine", "z"}};
  job.tasks.push_back(job.tasks[0]);

  const auto admitted = admit(job, {});

  ASSERT_TRUE(admitted) << admitted.error().message;
  EXPECT_TRUE(admitted->job.id.empty());
  EXPECT_EQ(admitted->job.state, JobState{});
  EXPECT_EQ(admitted->job.version, 0u);
  EXPECT_EQ(admitted->job.meta, (StringMap{{"mine", "z"}}));
  EXPECT_EQ(admitted->job.tasks.size(), 1u);
  EXPECT_EQ(admitted->warnings,
            (std::vector<std::string>{"ID is set by the server; the given one is ignored",
                                      "State is set by the server; the given one is ignored",
                                      "Version is set by the server; the given one is ignored",
                                      "CreateTime is set by the server; the given one is ignored",
                                      "a job has one task; 1 more are ignored",
                                      "Meta key \"bacalhau.org/x\" is reserved and ignored"}));
}

TEST(Defaults, FillWhatIsMissingByType) {
  JobDefaults defaults;
  defaults.batch.publisher.type = "ipfs";
  defaults.batch.timeouts.total = seconds(99);
  defaults.daemon.resources.cpu = "1";
  Job batch = good_job();
  batch.tasks[0].publisher = {};
  batch.tasks[0].resources.memory = "1GB";
  Job daemon = good_job();
  daemon.type = JobType::Daemon;

  const auto first = admit(batch, defaults);
  const auto second = admit(daemon, defaults);

  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->job.task().publisher.type, "ipfs");
  EXPECT_EQ(first->job.task().timeouts.total, seconds(99));
  EXPECT_EQ(first->job.task().resources, (ResourcesSpec{.cpu = "500m", .memory = "1GB"}));
  EXPECT_EQ(first->job.count, 1);
  EXPECT_EQ(second->job.task().resources.cpu, "1");
  EXPECT_EQ(second->job.task().timeouts.total, seconds(0));
  EXPECT_EQ(second->job.count, 0);
}

TEST(Admit, IsIdempotentAndSurvivesTheWire) {
  EXPECT_TRUE(rc::check("admit ∘ wire ∘ admit = admit", [](const std::string& raw, int count) {
    Job job = good_job();
    for (const char c : raw) {
      if (c > ' ') job.name += c;
    }
    job.count = std::abs(count % 100);
    job.labels[job.name] = job.name;
    const auto once = admit(job, {});
    RC_PRE(once.has_value());
    const auto back = decode_job(encode_job(once->job));
    RC_ASSERT(back.has_value());
    const auto twice = admit(*back, {});
    RC_ASSERT(twice.has_value());
    RC_ASSERT(twice->job == once->job);
    RC_ASSERT(twice->warnings.empty());
  }));
}

}  // namespace
}  // namespace skrei::model
