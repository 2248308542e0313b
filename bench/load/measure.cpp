// SPDX-License-Identifier: Apache-2.0
#include "load/measure.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <sys/utsname.h>
#include <unistd.h>

#include "model/time_text.hpp"

namespace skrei::bench {
namespace {

/// The value of the first line "<key> : <value>".
std::string field_of(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

}  // namespace

double Samples::percentile_ms(double part) const {
  if (all_.empty()) return 0;
  std::vector<Duration> sorted = all_;
  std::sort(sorted.begin(), sorted.end());
  const auto last = static_cast<double>(sorted.size() - 1);
  const auto at = static_cast<std::size_t>(part * last + 0.5);
  return std::chrono::duration<double, std::milli>(sorted[at]).count();
}

double Report::Row::least() const {
  return std::ranges::min(values);
}

double Report::Row::median() const {
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

void Report::add(Figure figure) {
  std::printf("%-52s %12.2f %-4s  %s\n", figure.name.c_str(), figure.value, figure.unit.c_str(),
              figure.how.c_str());
  std::fflush(stdout);
  auto row = std::ranges::find(rows_, figure.name, [](const Row& one) { return one.last.name; });
  if (row == rows_.end()) row = rows_.insert(rows_.end(), Row{.last = {}, .values = {}});
  row->values.push_back(figure.value);
  row->last = std::move(figure);
}

void Report::print_summary() const {
  std::printf("\n%-52s %12s %12s\n", "over all runs", "median", "least");
  for (const Row& row : rows_) {
    std::printf("%-52s %12.2f %12.2f %s\n", row.last.name.c_str(), row.median(), row.least(),
                row.last.unit.c_str());
  }
}

json::Value Report::to_json() const {
  json::Value figures = json::Value::array();
  for (const Row& row : rows_) {
    figures.push_back({{"name", row.last.name},
                       {"median", row.median()},
                       {"least", row.least()},
                       {"runs", row.values},
                       {"unit", row.last.unit},
                       {"how", row.last.how}});
  }
  return {{"environment", environment()}, {"figures", std::move(figures)}};
}

json::Value environment() {
  utsname system{};
  ::uname(&system);
  return {{"cpu", field_of("/proc/cpuinfo", "model name")},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
          {"memory", field_of("/proc/meminfo", "MemTotal")},
          {"kernel", std::string(system.release)},
          {"time", model::format_time(SystemClock().now())},
#ifdef NDEBUG
          {"build", "release"}};
#else
          {"build", "debug"}};
#endif
}

double resident_mib(pid_t pid) {
  std::istringstream text(field_of(fmt::format("/proc/{}/status", pid), "VmRSS"));
  double kib = 0;
  text >> kib;
  return kib / 1024;
}

double processor_seconds(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return 0;
  // proc(5): the fields after the name, which may hold blanks, begin with the third.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field)
    fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace skrei::bench
