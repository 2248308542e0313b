// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "http/body.hpp"

namespace skrei::http {

/// One server-sent event (WHATWG HTML, section 9.2). Line breaks in `data` are kept; `id` and
/// `event` must not hold any.
struct ServerEvent {
  std::string data;
  std::string event = {};  ///< Empty: "message".
  std::string id = {};     ///< Empty: none. What a client sends as Last-Event-ID to resume.
};

/// The wire form, blank line included.
std::string to_wire(const ServerEvent& event);

/// Writes events to one client. Errors are those of BodySink::write.
class EventStream {
 public:
  explicit EventStream(BodySink& sink) : sink_(sink) {}

  async::Task<Result<void>> send(ServerEvent event);

  /// A comment line: keeps proxies from closing a silent stream, and finds out whether the client
  /// is still there. A writer that waits for events sends one at least every 15 s. With an `id`
  /// the client also takes it over as where to resume, without an event.
  async::Task<Result<void>> heartbeat(std::string id = {});

 private:
  BodySink& sink_;
};

}  // namespace skrei::http
