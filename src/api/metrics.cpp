// SPDX-License-Identifier: Apache-2.0
#include "api/metrics.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <tuple>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

namespace skrei::api {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

constexpr int kSwitchingProtocols = 101;

/// A client may send any word as its method; labels are bounded.
std::string_view known_method(std::string_view method) {
  for (const std::string_view known : {"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"}) {
    if (method == known) return known;
  }
  return "other";
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code ignored;
  const auto files = std::filesystem::directory_iterator("/proc/self/fd", ignored);
  return static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("skrei_http_requests_total")
          .Help("Requests answered, by route, method and status.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds =
      prometheus::BuildHistogram()
          .Name("skrei_http_request_seconds")
          .Help("Time from the request's header to the last byte of the answer.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes = prometheus::BuildCounter()
                                                       .Name("skrei_http_sent_bytes_total")
                                                       .Help("Bytes of bodies sent.")
                                                       .Register(registry);

  /// The series of one kind of request, looked up once: making a series costs more than a request.
  struct Series {
    prometheus::Counter* requests;
    prometheus::Histogram* seconds;
    prometheus::Counter* bytes;
  };
  Series& series_of(const http::RequestRecord& record);

  using Key = std::tuple<std::string, std::string, int>;
  std::map<Key, Series, std::less<>> series;

  void set(const std::string& name, const std::string& help, double value,
           const prometheus::Labels& labels = {}) {
    prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels).Set(value);
  }
  void set_totals(const RetentionTotals& totals);
  void set_resources(const std::string& what, const model::Resources& resources);
};

void Metrics::State::set_totals(const RetentionTotals& totals) {
  const auto total = [this](const std::string& name, const std::string& help, std::uint64_t value) {
    auto& counter = prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
    counter.Increment(static_cast<double>(value) - counter.Value());
  };
  total("skrei_retention_removed_jobs_total", "Ended jobs that retention removed.", totals.jobs);
  total("skrei_retention_removed_outputs_total", "Ended executions whose output retention removed.",
        totals.outputs);
  total("skrei_retention_failed_passes_total", "Passes of retention that ended with an error.",
        totals.failures);
  total("skrei_content_collected_blocks_total", "Blocks of content that nothing pinned any more.",
        totals.blocks);
  total("skrei_content_collected_bytes_total", "Bytes of these blocks.", totals.block_bytes);
  total("skrei_content_freed_bytes_total", "Bytes of disk that compaction gave back.",
        totals.freed_bytes);
}

void Metrics::State::set_resources(const std::string& what, const model::Resources& resources) {
  const std::string help = "Capacity of the compute half: total and free.";
  set("skrei_compute_cpu_cores", help, static_cast<double>(resources.cpu_millis) / 1000,
      {{"what", what}});
  set("skrei_compute_memory_bytes", help, static_cast<double>(resources.memory_bytes),
      {{"what", what}});
  set("skrei_compute_disk_bytes", help, static_cast<double>(resources.disk_bytes),
      {{"what", what}});
  set("skrei_compute_gpus", help, static_cast<double>(resources.gpu), {{"what", what}});
}

Metrics::Metrics() : state_(std::make_unique<State>()) {}

Metrics::~Metrics() = default;

Metrics::State::Series& Metrics::State::series_of(const http::RequestRecord& record) {
  const std::string_view route = record.route.empty() ? "none" : record.route;
  const std::string_view method = known_method(record.method);
  const auto key = std::tuple(route, method, record.status);
  if (const auto found = series.find(key); found != series.end()) return found->second;
  const prometheus::Labels by_route = {{"route", std::string(route)}};
  const prometheus::Labels by_all = {{"route", std::string(route)},
                                     {"method", std::string(method)},
                                     {"status", std::to_string(record.status)}};
  const Series made = {&requests.Add(by_all), &seconds.Add(by_route, kSeconds),
                       &bytes.Add(by_route)};
  return series.emplace(Key(route, method, record.status), made).first->second;
}

void Metrics::observe(const http::RequestRecord& record) {
  const State::Series& series = state_->series_of(record);
  series.requests->Increment();
  // A websocket is observed at its end: how long it was open is no latency.
  if (record.status != kSwitchingProtocols) {
    series.seconds->Observe(std::chrono::duration<double>(record.duration).count());
  }
  series.bytes->Increment(static_cast<double>(record.bytes_sent));
}

std::string Metrics::text(const Gauges& gauges) {
  State& s = *state_;
  s.set("skrei_build_info", "What this binary is.", 1,
        {{"version", gauges.node.version.git_version}, {"commit", gauges.node.version.git_commit}});
  s.set("skrei_jobs_live", "Jobs that have not ended.", static_cast<double>(gauges.live_jobs));
  s.set("skrei_http_connections", "Open connections.",
        static_cast<double>(gauges.server.connections));
  s.set("skrei_http_refused_connections", "Connections refused for want of room since the start.",
        static_cast<double>(gauges.server.refused_connections));
  s.set("skrei_http_slow_clients", "Connections cut off by a time-out since the start.",
        static_cast<double>(gauges.server.slow_clients));
  s.set("skrei_log_streams", "Log streams under way.", static_cast<double>(gauges.log_streams));
  if (const auto& compute = gauges.node.compute_node_info) {
    s.set("skrei_executions_running", "Executions that run on this node.",
          static_cast<double>(compute->running_executions));
    s.set("skrei_executions_waiting", "Executions that wait for room on this node.",
          static_cast<double>(compute->enqueued_executions));
    s.set_resources("total", compute->max_capacity);
    s.set_resources("free", compute->available_capacity);
  }
  s.set_totals(gauges.retention);
  s.set("process_resident_memory_bytes", "Resident memory of the node.", resident_bytes());
  s.set("process_open_fds", "Open file descriptors of the node.", open_descriptors());
  return prometheus::TextSerializer().Serialize(s.registry.Collect());
}

}  // namespace skrei::api
