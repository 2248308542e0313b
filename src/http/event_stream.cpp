// SPDX-License-Identifier: Apache-2.0
#include "http/event_stream.hpp"

namespace skrei::http {
namespace {

/// One "data:" line for each line; CR, LF and CRLF all end one.
void append_data(std::string& wire, std::string_view data) {
  while (true) {
    const std::size_t end = data.find_first_of("\r\n");
    wire.append("data: ").append(data.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) return;
    const bool pair = data[end] == '\r' && data.substr(end + 1).starts_with('\n');
    data.remove_prefix(end + (pair ? 2 : 1));
  }
}

void append_field(std::string& wire, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  wire.append(name).append(": ").append(value.substr(0, value.find_first_of("\r\n")));
  wire.push_back('\n');
}

}  // namespace

std::string to_wire(const ServerEvent& event) {
  std::string wire;
  append_field(wire, "event", event.event);
  append_field(wire, "id", event.id);
  append_data(wire, event.data);
  wire.push_back('\n');
  return wire;
}

async::Task<Result<void>> EventStream::send(ServerEvent event) {
  const std::string wire = to_wire(event);
  co_return co_await sink_.write(as_bytes(wire));
}

async::Task<Result<void>> EventStream::heartbeat(std::string id) {
  std::string wire = ": keep-alive\n";
  append_field(wire, "id", id);
  wire.push_back('\n');
  co_return co_await sink_.write(as_bytes(wire));
}

}  // namespace skrei::http
