// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.hpp"
#include "json/json.hpp"

namespace skrei::bench {

/// Durations of one thing done many times.
class Samples {
 public:
  void add(Duration duration) { all_.push_back(duration); }
  std::size_t size() const { return all_.size(); }
  /// `part` from 0 to 1: 0.5 is the median. Zero without samples.
  double percentile_ms(double part) const;

 private:
  std::vector<Duration> all_;
};

/// One figure of one run.
struct Figure {
  /// Tells it from all others: runs are put together by it.
  std::string name;
  double value = 0;
  std::string unit;
  /// What it was measured with: "64 connections, 3 s".
  std::string how;
};

/// The figures of all runs of the same measurements, in the order in which they first came.
class Report {
 public:
  /// Also prints it.
  void add(Figure figure);
  /// Each figure with its median and least value over the runs, as a table.
  void print_summary() const;
  json::Value to_json() const;

 private:
  struct Row {
    Figure last;
    std::vector<double> values;

    double least() const;
    double median() const;
  };

  std::vector<Row> rows_;
};

/// Processor, cores, kernel, build type and time: what a figure means nothing without.
json::Value environment();

/// Resident memory of a process in MiB; 0 if it has gone.
double resident_mib(pid_t pid);

/// Processor time that a process has used, user and system; 0 if it has gone.
double processor_seconds(pid_t pid);

}  // namespace skrei::bench
