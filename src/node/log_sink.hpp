// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"

namespace skrei::node {

enum class LogFormat {
  Readable,  ///< "12:00:01.234 info  job accepted job=j-…", for a terminal.
  Json,      ///< One object a line: time (RFC 3339, UTC), level, msg, then the fields.
};

/// Sends the process's log to stderr. Call before threads start.
void install_log(LogFormat format, log::Level threshold);

}  // namespace skrei::node
