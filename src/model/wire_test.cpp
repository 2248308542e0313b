// SPDX-License-Identifier: Apache-2.0
// Golden files pin every wire form, written and read: what is in them is read, compared with a
// value made here, written again, and compared with the file.

#include <gtest/gtest.h>

#include "base/testing/golden.hpp"
#include "json/json.hpp"
#include "model/execution_json.hpp"
#include "model/job_json.hpp"
#include "model/node_json.hpp"

namespace skrei::model {
namespace {

using std::chrono::seconds;

WallTime at(std::int64_t nanoseconds) {
  return WallTime(Duration(nanoseconds));
}

Task full_task() {
  Task task;
  task.name = "main";
  task.engine = {"docker", R"({"Image":"alpine","Parameters":["-c","x"]})"};
  task.publisher = {"local", "{}"};
  task.env = {{"A", "b"}};
  task.meta = {{"owner", "ü"}};
  task.input_sources = {
      {.source = {"s3", R"({"Bucket":"b","Key":"k/*"})"}, .alias = "in", .target = "/inputs"}};
  task.result_paths = {{.name = "outputs", .path = "/outputs"}};
  task.resources = {.cpu = "500m", .memory = "512Mb", .disk = "1GiB", .gpu = "1"};
  task.network = {
      .type = NetworkType::Bridge,
      .domains = {},
      .ports = {{.name = "http", .static_port = 0, .target = 8080, .host_network = ""}}};
  task.timeouts = {.execution = seconds(60), .queue = seconds(10), .total = seconds(120)};
  return task;
}

Job full_job() {
  Job job;
  job.id = JobId("j-00000000-0000-4000-8000-000000000001");
  job.name = "n";
  job.type = JobType::Batch;
  job.priority = -1;
  job.count = 3;
  job.constraints = {{"zone", LabelOperator::In, {"a", "b"}}, {"gpu", LabelOperator::Exists, {}}};
  job.meta = {{"bacalhau.org/orchestrator.id", "n-1"}};
  job.labels = {{"team", "x"}};
  job.tasks = {full_task()};
  job.late_result = LateResult::Refuse;
  job.state = {JobStateType::Running, "on its way", {{"NewState", "Running"}}};
  job.version = 1;
  job.revision = 2;
  job.create_time = at(1'760'000'000'000'000'001);
  job.modify_time = at(1'760'000'000'000'000'002);
  return job;
}

Execution full_execution() {
  Execution execution;
  execution.id = ExecutionId("e-00000000-0000-4000-8000-000000000002");
  execution.node_id = NodeId("n-1");
  execution.job_id = JobId("j-1");
  execution.job_version = 1;
  execution.partition_index = 2;
  execution.allocated_resources = {{"main",
                                    {.cpu_millis = 500,
                                     .memory_bytes = 512'000'000,
                                     .gpu = 1,
                                     .gpus = {Gpu{.index = 0,
                                                  .name = "G",
                                                  .vendor = "NVIDIA",
                                                  .memory_mib = 4096,
                                                  .pci_address = "0:1"}}}}};
  execution.desired_state = {DesiredStateType::Stopped, "completed"};
  execution.compute_state = {ComputeStateType::Completed, "", {{"Reason", "x"}}};
  execution.published_result = {"ipfs", R"({"CID":"bafyx"})"};
  execution.run_output = RunOutput{.stdout_text = "hi\n",
                                   .stdout_truncated = true,
                                   .stderr_text = "oh",
                                   .stderr_truncated = false,
                                   .exit_code = 3,
                                   .error_message = ""};
  execution.previous_execution = ExecutionId("e-0");
  execution.revision = 6;
  execution.create_time = at(1);
  execution.modify_time = at(2);
  execution.epoch = 4;
  execution.attempt = 2;
  execution.task_key = "bafyrei";
  execution.peak_usage = PeakUsage{1, 2, std::chrono::microseconds(3)};
  return execution;
}

NodeState full_node() {
  ComputeNodeInfo compute;
  compute.execution_engines = {"noop", "wasm"};
  compute.publishers = {"ipfs"};
  compute.storage_sources = {"inline", "ipfs", "localdirectory"};
  compute.max_capacity = {.cpu_millis = 12'800, .memory_bytes = 27'000'000'000, .disk_bytes = 1};
  compute.available_capacity = {.cpu_millis = 2'000};
  compute.running_executions = 1;
  compute.address = "10.0.0.4";
  NodeState node;
  node.info = {.node_id = NodeId("n-1"),
               .node_type = NodeType::Compute,
               .labels = {{"os_arch", "amd64"}},
               .supported_protocols = {"bprotocol/v2", "ncl/v1"},
               .compute_node_info = compute,
               .version = {.major = "1",
                           .minor = "9",
                           .git_version = "v1.9.3",
                           .git_commit = "c",
                           .build_date = "2026-08-09T00:00:00Z",
                           .goos = "linux",
                           .goarch = "amd64"}};
  node.connection_state.status = Connection::Connected;
  node.connection_state.last_heartbeat = at(1'760'000'000'500'000'000);
  node.connection_state.last_compute_seq_num = 12;
  return node;
}

JobHistory full_history() {
  return {.seq_num = 3,
          .type = HistoryType::ExecutionLevel,
          .job_id = JobId("j-1"),
          .job_version = 1,
          .execution_id = ExecutionId("e-1"),
          .event = {.message = "Running",
                    .topic = std::string(topic::kExecution),
                    .timestamp = at(1'760'000'000'100'000'000),
                    .details = {{"Retryable", "true"}}},
          .time = at(1'760'000'000'200'000'000)};
}

// Writes `value`, compares it with the golden file, reads that file back and compares the values.
template <class T, class Read>
void expect_wire(std::string_view name, const T& value, Read read) {
  const std::string path = fmt::format("src/model/testdata/{}.json", name);

  EXPECT_TRUE(
      testing::matches_golden(path, json::dump(to_json(value), json::Layout::Indented) + "\n"));

  const auto parsed = json::parse(testing::read_source_file(path));
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto back = read(*parsed);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, value);
}

TEST(Wire, Job) {
  const auto read = [](const json::Value& value) {
    return job_from_json(value);
  };
  expect_wire("job", full_job(), read);
  Job bare;
  bare.type = JobType::Ops;
  bare.tasks = {Task{}};
  expect_wire("job_bare", bare, read);
}

TEST(Wire, Execution) {
  expect_wire("execution", full_execution(), execution_from_json);
  expect_wire("execution_bare", Execution{}, execution_from_json);
}

TEST(Wire, History) {
  expect_wire("history", full_history(), job_history_from_json);
  JobHistory job_level = full_history();
  job_level.type = HistoryType::JobLevel;
  job_level.execution_id = {};
  expect_wire("history_job", job_level, job_history_from_json);
}

TEST(Wire, Node) {
  expect_wire("node", full_node(), node_state_from_json);
  NodeState requester;
  requester.info.node_type = NodeType::Requester;
  expect_wire("node_requester", requester, node_state_from_json);
  expect_wire("version", full_node().info.version, build_version_from_json);
}

TEST(Wire, TrapsOfTheOldClients) {
  const json::Value execution = to_json(full_execution());
  EXPECT_EQ(execution["ComputeState"]["StateType"], 9);
  EXPECT_EQ(execution["DesiredState"]["StateType"], 2);
  EXPECT_TRUE(execution["RunOutput"].contains("stderr"));
  EXPECT_FALSE(execution["RunOutput"].contains("Stderr"));
  EXPECT_EQ(execution["AllocatedResources"]["Tasks"]["main"]["CPU"], 0.5);

  const json::Value bare = to_json(Execution{});
  EXPECT_FALSE(bare.contains("PartitionIndex"));
  EXPECT_FALSE(bare.contains("Job"));
  EXPECT_EQ(bare["PublishedResult"], (json::Value{{"Type", ""}}));
  EXPECT_TRUE(bare["RunOutput"].is_null());

  Job job;
  job.tasks = {Task{}};
  const json::Value written = to_json(job);
  EXPECT_EQ(written["State"]["StateType"], "Undefined");
  EXPECT_EQ(written["Meta"], json::Value::object());
  EXPECT_EQ(written["Constraints"], json::Value::array());
  EXPECT_EQ(written["Tasks"][0]["Publisher"], (json::Value{{"Type", ""}}));

  const json::Value node = to_json(full_node());
  EXPECT_EQ(node["Info"]["ComputeNodeInfo"]["QueueCapacity"], json::Value::object());
  EXPECT_EQ(node["ConnectionState"]["DisconnectedSince"], "0001-01-01T00:00:00Z");
  EXPECT_EQ(node["Connection"], "CONNECTED");
}

TEST(Wire, ErrorsNameThePath) {
  const auto error_of = [](std::string_view text) {
    const auto job = job_from_json(*json::parse(text));
    return job ? "" : job.error().message;
  };
  EXPECT_EQ(error_of(R"({"Type":"bacth"})"),
            "Type: unknown job type \"bacth\"; did you mean \"batch\"?");
  EXPECT_EQ(error_of(R"({"Tasks":[{"Engine":{"Type":1}}]})"),
            "Tasks[0].Engine.Type: expected text (in quotes), got 1");
  EXPECT_EQ(error_of(R"({"Tasks":[{"Engine":{"Type":"a","Params":[]}}]})"),
            "Tasks[0].Engine.Params: expected an object, got an array");
  EXPECT_EQ(error_of(R"({"Tasks":[{"Network":{"Type":"brigde"}}]})"),
            "Tasks[0].Network.Type: unknown network type \"brigde\"; did you mean \"Bridge\"?");
  EXPECT_EQ(error_of(R"({"Constraints":[{"Key":"a","Operator":"is"}]})"),
            "Constraints[0].Operator: unknown operator \"is\"; did you mean \"in\"?");
  EXPECT_FALSE(execution_from_json(*json::parse(R"({"ComputeState":{"StateType":12}})")));
  EXPECT_FALSE(execution_from_json(json::Value::array()));
}

TEST(Wire, AJobFileIsYamlOrJsonBareOrUnderJob) {
  std::vector<std::string> unknown;
  const auto yaml = parse_job_file(
      "type: batch\ntasks:\n- name: main\n  engine: {type: wasm, params: {EntryModule: /m}}\n"
      "  resources: {cpu: 0.5, gpu: 1}\n  publsher: {type: ipfs}\n",
      &unknown);

  ASSERT_TRUE(yaml) << yaml.error().message;
  EXPECT_EQ(yaml->type, JobType::Batch);
  EXPECT_EQ(yaml->task().engine.params, R"({"EntryModule":"/m"})");
  EXPECT_EQ(yaml->task().resources.cpu, "0.5");
  EXPECT_EQ(unknown, std::vector<std::string>{
                         "Tasks[0].publsher: unknown, ignored; did you mean \"Publisher\"?"});
  EXPECT_EQ(parse_job_file(R"({"Job":{"Name":"x","Type":"ops"}})")->name, "x");
  EXPECT_EQ(parse_job_file("{Name: x, Type: ops}")->name, "x");
  EXPECT_EQ(parse_job_file("- a").error().code, Code::InvalidArgument);
  EXPECT_EQ(parse_job_file("").error().code, Code::InvalidArgument);
}

TEST(StorageForm, GivesBackEverything) {
  EXPECT_EQ(*decode_job(encode_job(full_job())), full_job());
  EXPECT_EQ(*decode_execution(encode_execution(full_execution())), full_execution());
  EXPECT_EQ(*decode_execution(encode_execution(Execution{})), Execution{});
  EXPECT_EQ(*decode_event(encode_event(full_history().event)), full_history().event);
  EXPECT_EQ(*decode_node_info(encode_node_info(full_node().info)), full_node().info);
  EXPECT_EQ(*decode_spec_config(encode_spec_config(full_task().engine)), full_task().engine);
}

TEST(StorageForm, IsTheWireFormInAnotherOrder) {
  for (const Job& job : {full_job(), Job{}})
    EXPECT_EQ(*json::parse(encode_job(job)), to_json(job));
  for (const Execution& execution : {full_execution(), Execution{}}) {
    json::Value wire = to_json(execution);
    for (const char* name : {"EvalID", "Name", "FollowupEvalID"})
      wire.erase(name);
    EXPECT_EQ(*json::parse(encode_execution(execution)), wire);
  }
  EXPECT_EQ(*json::parse(encode_event(full_history().event)), to_json(full_history())["Event"]);
}

TEST(StorageForm, KeepsBytesThatAreNotText) {
  Execution execution = full_execution();
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte)
    all_bytes += static_cast<char>(byte);
  execution.run_output->stdout_text = all_bytes;
  execution.run_output->stderr_text = "\xff";

  EXPECT_EQ(*decode_execution(encode_execution(execution)), execution);
  EXPECT_EQ(*decode_run_output(encode_run_output(*execution.run_output)), *execution.run_output);
  EXPECT_TRUE(json::parse(json::dump(to_json(execution))));
}

TEST(StorageForm, DamageIsAnError) {
  for (const std::string_view text : {"", "null", "[]", "{\"Version\":-1}", "{"}) {
    EXPECT_EQ(decode_job(text).error().code, Code::InvalidArgument) << text;
  }
  EXPECT_FALSE(decode_execution("null"));
  EXPECT_FALSE(decode_run_output(R"({"StdoutBase64":"*"})"));
}

}  // namespace
}  // namespace skrei::model
