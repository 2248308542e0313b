// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace skrei::http {

struct WebSocketLimits {
  std::size_t message_bytes = 1 << 20;       ///< A longer message closes with 1009.
  std::size_t inbox_messages = 16;           ///< Received, not yet asked for; then reading pauses.
  Duration idle = std::chrono::seconds(30);  ///< Pinged after half, given up after all of it.
  Duration write_idle = std::chrono::seconds(20);  ///< A peer that takes nothing is cut off.
  Duration close = std::chrono::seconds(2);        ///< For the closing handshake.
};

/// Close codes of RFC 6455 section 7.4.1.
enum class CloseCode : std::uint16_t {
  Normal = 1000,
  GoingAway = 1001,
  ProtocolError = 1002,
  UnsupportedData = 1003,
  NoStatus = 1005,  ///< Never sent: the peer's close frame held no code.
  Abnormal = 1006,  ///< Never sent: the connection broke without a close frame.
  BadPayload = 1007,
  PolicyViolation = 1008,
  TooBig = 1009,
  InternalError = 1011,
  TryAgainLater = 1013,
};

/// One end of a websocket, server or client. One task sends and one receives at a time.
///
/// Pings are answered and a silent peer is noticed without any call here. On the server: a handler
/// that has never called receive() is cancelled when the peer closes or goes away; one that reads
/// learns it from receive().
class WebSocket {
 public:
  struct Message {
    std::string data;
    bool is_text = true;
  };
  struct Closed {
    CloseCode code = CloseCode::NoStatus;
    std::string reason;
  };

  virtual ~WebSocket() = default;

  /// `text` has to be valid UTF-8. Unavailable once the peer has gone; DeadlineExceeded when it has
  /// not taken the message within the write time-out, after which the socket is closed.
  virtual async::Task<Result<void>> send_text(std::string text) = 0;
  virtual async::Task<Result<void>> send_binary(std::string data) = 0;

  /// Nothing once the peer has closed (see closed()) or the task is cancelled.
  virtual async::Task<std::optional<Message>> receive() = 0;

  /// Sends a close frame and waits, bounded, for the peer's. Again: nothing.
  virtual async::Task<void> close(CloseCode code, std::string reason = {}) = 0;

  /// How the peer ended it, once it has.
  virtual std::optional<Closed> closed() const = 0;
};

}  // namespace skrei::http
