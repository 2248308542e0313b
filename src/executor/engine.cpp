// SPDX-License-Identifier: Apache-2.0
#include "executor/engine.hpp"

#include <utility>

namespace skrei::executor {

std::string_view to_string(ExitKind kind) {
  switch (kind) {
    case ExitKind::Exited:
      return "exited";
    case ExitKind::Trapped:
      return "trapped";
    case ExitKind::LimitExceeded:
      return "limit exceeded";
    case ExitKind::Cancelled:
      return "cancelled";
    case ExitKind::NodeFault:
      return "node fault";
    case ExitKind::NotStarted:
      return "not started";
  }
  std::unreachable();
}

std::string_view to_string(LimitKind kind) {
  switch (kind) {
    case LimitKind::None:
      return "none";
    case LimitKind::Memory:
      return "memory";
    case LimitKind::CpuTime:
      return "cpu time";
    case LimitKind::WallTime:
      return "time";
    case LimitKind::Disk:
      return "disk";
    case LimitKind::Output:
      return "output";
  }
  std::unreachable();
}

std::string_view to_string(OutputSource source) {
  return source == OutputSource::Stdout ? "stdout" : "stderr";
}

}  // namespace skrei::executor
