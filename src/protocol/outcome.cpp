// SPDX-License-Identifier: Apache-2.0
#include "protocol/outcome.hpp"

#include <array>
#include <utility>

namespace skrei::protocol {
namespace {

constexpr std::array kKinds = {
    std::pair{OutcomeKind::Completed, std::string_view("completed")},
    std::pair{OutcomeKind::Failed, std::string_view("failed")},
    std::pair{OutcomeKind::Cancelled, std::string_view("cancelled")},
};

constexpr std::array kFaults = {
    std::pair{Fault::None, std::string_view("none")},
    std::pair{Fault::Node, std::string_view("node")},
    std::pair{Fault::Job, std::string_view("job")},
    std::pair{Fault::Unstarted, std::string_view("unstarted")},
};

}  // namespace

std::string_view to_string(OutcomeKind kind) {
  for (const auto& [value, name] : kKinds) {
    if (value == kind) return name;
  }
  std::unreachable();
}

Result<OutcomeKind> parse_outcome_kind(std::string_view text) {
  for (const auto& [value, name] : kKinds) {
    if (name == text) return value;
  }
  return fail(Code::InvalidArgument, "outcome \"{}\": not one of completed, failed, cancelled",
              text);
}

std::string_view to_string(Fault fault) {
  for (const auto& [value, name] : kFaults) {
    if (value == fault) return name;
  }
  std::unreachable();
}

Result<Fault> parse_fault(std::string_view text) {
  for (const auto& [value, name] : kFaults) {
    if (name == text) return value;
  }
  return fail(Code::InvalidArgument, "fault \"{}\": not one of none, node, job, unstarted", text);
}

}  // namespace skrei::protocol
