// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/hash.hpp"
#include "executor/engine.hpp"

/// What node and supervisor say to each other over a Unix stream socket. Frame: length of the body
/// (u32, little-endian), body: kind (u8), then fields (executor/record.hpp). The first message each
/// way is Hello; a supervisor of another protocol version listens under another name, so neither
/// ever has to understand the other's messages. Descriptors travel with the first byte of the
/// message that they belong to.
namespace skrei::executor::wasm {

/// Raised by every change of a message. Part of the socket's name.
inline constexpr std::uint32_t kProtocolVersion = 2;

/// Longest body: arguments and environment of a program must fit.
inline constexpr std::size_t kMessageBytesMax = 4 << 20;

/// Both: who speaks. The supervisor sends it on accepting.
struct Hello {
  std::uint32_t protocol = kProtocolVersion;
  std::uint64_t pid = 0;

  bool operator==(const Hello&) const = default;
};

/// Names an entry module with its import modules and entry function.
using ProgramKey = Sha256Digest;

/// Node: keep this program ready. Comes with one descriptor of a verified artifact for the entry
/// module and one for each import, in this order.
struct LoadProgram {
  std::uint32_t request = 0;
  ProgramKey key{};
  std::string entrypoint;
  std::vector<std::string> imports;

  bool operator==(const LoadProgram&) const = default;
};

/// A folder of the host that the guest sees.
struct GuestFolder {
  std::string guest_path;
  std::string host_path;
  Access access = Access::ReadOnly;
  /// Made for this run: it is given to the program's user. Else it stays whose it is.
  bool own = false;

  bool operator==(const GuestFolder&) const = default;
};

/// Node: run the program. Answered with Reply; NotLoaded if the program has to be loaded first.
/// For an id that was started before the answer is OK and nothing happens.
struct StartProgram {
  std::uint32_t request = 0;
  ExecutionId id;
  ProgramKey program{};
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<GuestFolder> folders;
  Limits limits;

  bool operator==(const StartProgram&) const = default;
};

/// Node: stop the program if it runs.
struct CancelProgram {
  std::uint32_t request = 0;
  ExecutionId id;
  std::string reason;

  bool operator==(const CancelProgram&) const = default;
};

/// Node: which programs run? Answered with Running.
struct ListRunning {
  std::uint32_t request = 0;

  bool operator==(const ListRunning&) const = default;
};

/// Node: stop every program, then end.
struct Shutdown {
  std::uint32_t request = 0;

  bool operator==(const Shutdown&) const = default;
};

/// Supervisor: the answer to one request.
struct Reply {
  std::uint32_t request = 0;
  enum class Status : std::uint8_t { Ok, NotLoaded, Failed };
  Status status = Status::Ok;
  /// Meaningful for Failed.
  Code code = Code::Internal;
  std::string message;

  bool operator==(const Reply&) const = default;
};

struct Running {
  std::uint32_t request = 0;
  std::vector<ExecutionId> ids;

  bool operator==(const Running&) const = default;
};

/// Supervisor, unasked: a program has ended; its exit record is written.
struct Ended {
  ExecutionId id;
  Exit exit;

  bool operator==(const Ended&) const = default;
};

using Message = std::variant<Hello, LoadProgram, StartProgram, CancelProgram, ListRunning, Shutdown,
                             Reply, Running, Ended>;

/// A frame. InvalidArgument if it would be longer than kMessageBytesMax.
Result<Bytes> encode(const Message& message);

/// The message in the body of a frame, or InvalidArgument.
Result<Message> decode(ByteView body);

/// Cuts what arrives into frames.
class FrameBuffer {
 public:
  void append(ByteView bytes);
  /// The body of the next whole frame; none if more bytes are needed; InvalidArgument for a length
  /// beyond kMessageBytesMax.
  Result<std::optional<Bytes>> next();

 private:
  Bytes bytes_;
  std::size_t begin_ = 0;
};

/// Name of the socket of a supervisor of this protocol whose engine has this fingerprint.
std::string socket_name(std::string_view fingerprint);
/// Whether a file of that name is the socket of a supervisor that we can talk to.
bool is_socket_name(std::string_view name);

}  // namespace skrei::executor::wasm
