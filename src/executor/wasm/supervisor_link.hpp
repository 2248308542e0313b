// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/channel.hpp"
#include "async/event.hpp"
#include "async/fd_stream.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "executor/wasm/supervisor_protocol.hpp"

namespace skrei::executor::wasm {

/// A node's connection to one supervisor. On the loop thread. Broken once, it stays broken: a new
/// link is made in its place.
class SupervisorLink {
 public:
  /// Called for each Ended message.
  using OnEnded = std::function<void(const ExecutionId&, Exit)>;
  /// Called once if the connection breaks before stop().
  using OnBroken = std::function<void()>;

  /// Connects and greets. Unavailable or NotFound if nobody listens at `socket`.
  static async::Task<Result<std::unique_ptr<SupervisorLink>>> connect(async::Loop& loop,
                                                                      std::filesystem::path socket);
  ~SupervisorLink();
  SupervisorLink(const SupervisorLink&) = delete;
  SupervisorLink& operator=(const SupervisorLink&) = delete;

  /// Begins to read. Call once, before the first request.
  void start(OnEnded on_ended, OnBroken on_broken);

  /// Fills in the request's number, sends it with the descriptors, waits for the answer.
  /// Unavailable if the connection breaks, DeadlineExceeded after 30 s.
  async::Task<Result<Reply>> load(LoadProgram request, std::vector<UniqueFd> artifacts);
  async::Task<Result<Reply>> run(StartProgram request);
  async::Task<Result<Reply>> cancel(CancelProgram request);
  async::Task<Result<Reply>> shutdown();
  async::Task<Result<std::vector<ExecutionId>>> running();

  pid_t pid() const { return pid_; }
  bool broken() const { return broken_.is_set(); }
  async::Task<Result<void>> wait_broken(Duration limit) { return broken_.wait(limit); }

  /// Closes the connection; who waits gets Unavailable.
  async::Task<void> stop();

 private:
  struct Pending;
  struct Outgoing {
    Bytes frame;
    std::vector<UniqueFd> fds;
  };

  SupervisorLink(async::Loop& loop, std::unique_ptr<async::FdStream> stream);

  async::Task<Result<void>> greet();
  async::Task<Result<Message>> next_message();
  async::Task<void> read_messages();
  async::Task<void> write_messages();
  async::Task<Result<void>> write_one(const Outgoing& outgoing);
  async::Task<Result<Message>> request(std::uint32_t number, Message message,
                                       std::vector<UniqueFd> fds);
  async::Task<Result<Reply>> request_reply(std::uint32_t number, Message message,
                                           std::vector<UniqueFd> fds);
  void answer(std::uint32_t number, Message message);
  void break_off();

  async::Loop& loop_;
  std::unique_ptr<async::FdStream> stream_;
  FrameBuffer input_;
  Bytes buffer_;
  pid_t pid_ = 0;
  std::uint32_t requests_ = 0;
  std::map<std::uint32_t, Pending*> pending_;  // They live in the frames of their tasks.
  // A request that is given up never leaves half a frame behind: one task writes them all.
  async::Channel<Outgoing> outgoing_;
  async::Event broken_{async::Event::Reset::Manual};
  OnEnded on_ended_;
  OnBroken on_broken_;
  async::TaskScope scope_;
};

}  // namespace skrei::executor::wasm
