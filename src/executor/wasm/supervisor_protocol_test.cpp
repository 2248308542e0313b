// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor_protocol.hpp"

#include <gtest/gtest.h>

namespace skrei::executor::wasm {
namespace {

const std::vector<Message>& every_message() {
  static const std::vector<Message> messages{
      Hello{.pid = 17},
      LoadProgram{.request = 1, .key = {1, 2, 3}, .entrypoint = "_start", .imports = {"a", ""}},
      StartProgram{.request = 2,
                   .id = ExecutionId("e-1"),
                   .program = {9},
                   .args = {"app.wasm", "", std::string("\0\xff", 2)},
                   .env = {{"A", "b"}},
                   .folders = {{"/inputs", "/host", Access::ReadOnly},
                               {"/outputs", "/other", Access::ReadWrite, true}},
                   .limits = {.memory_bytes = 1,
                              .disk_bytes = 2,
                              .cpu_time = std::chrono::microseconds(3),
                              .wall_time = std::chrono::microseconds(4),
                              .output_bytes = 5}},
      CancelProgram{.request = 3, .id = ExecutionId("e-1"), .reason = "enough"},
      ListRunning{4},
      Shutdown{5},
      Reply{.request = 6, .status = Reply::Status::Failed, .code = Code::NotFound, .message = "no"},
      Running{.request = 7, .ids = {ExecutionId("e-1"), ExecutionId("e-2")}},
      Ended{ExecutionId("e-1"), Exit{.kind = ExitKind::Trapped, .message = "unreachable"}}};
  return messages;
}

Bytes body_of(const Message& message) {
  FrameBuffer buffer;
  buffer.append(encode(message).value());
  return buffer.next().value().value();
}

TEST(SupervisorProtocol, EveryMessageComesBackAsItWas) {
  for (const Message& message : every_message())
    EXPECT_EQ(decode(body_of(message)).value(), message) << message.index();
}

TEST(SupervisorProtocol, CutOrLongerBodiesAreRefused) {
  for (const Message& message : every_message()) {
    Bytes body = body_of(message);
    for (std::size_t length = 0; length < body.size(); ++length)
      EXPECT_FALSE(decode(ByteView(body).first(length))) << message.index() << ":" << length;
    body.push_back(0);
    EXPECT_FALSE(decode(body));
  }
}

TEST(SupervisorProtocol, FramesAreFoundWhereverTheStreamIsCut) {
  Bytes stream;
  for (const Message& message : every_message()) {
    const Bytes frame = encode(message).value();
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  for (const std::size_t piece : {1, 3, 64, 10'000}) {
    FrameBuffer buffer;
    std::size_t found = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      buffer.append(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      for (auto body = buffer.next().value(); body; body = buffer.next().value())
        EXPECT_EQ(decode(*body).value(), every_message()[found++]);
    }
    EXPECT_EQ(found, every_message().size());
  }
}

TEST(SupervisorProtocol, LengthsAreBounded) {
  FrameBuffer buffer;
  buffer.append(Bytes{0xff, 0xff, 0xff, 0xff});
  EXPECT_EQ(buffer.next().error().code, Code::InvalidArgument);

  const StartProgram big{.id = ExecutionId("e-1"),
                         .args = {std::string(kMessageBytesMax, 'x')},
                         .env = {},
                         .folders = {},
                         .limits = {}};
  EXPECT_EQ(encode(big).error().code, Code::InvalidArgument);
}

TEST(SupervisorProtocol, SocketsAreNamedByProtocolAndEngine) {
  EXPECT_EQ(socket_name("0123456789abcdef0123"), "wasm-2-0123456789abcdef.sock");
  EXPECT_TRUE(is_socket_name(socket_name("0123456789abcdef")));
  EXPECT_FALSE(is_socket_name("wasm-3-0123456789abcdef.sock"));
  EXPECT_FALSE(is_socket_name("../wasm-2-x.sock"));
}

}  // namespace
}  // namespace skrei::executor::wasm
