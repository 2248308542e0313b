// SPDX-License-Identifier: Apache-2.0
#include "cli/transfer_status.hpp"

#include "async/sleep.hpp"
#include "cli/text.hpp"

namespace skrei::cli {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(100);
constexpr int kTicksPerLine = 300;

}  // namespace

TransferStatus::TransferStatus(Session& session, std::string what)
    : session_(session),
      what_(std::move(what)),
      bytes_(std::make_shared<std::atomic<std::uint64_t>>(0)),
      scope_(session.loop) {
  scope_.spawn("transfer status", show());
}

TransferProgress TransferStatus::progress() const {
  return [bytes = bytes_](std::uint64_t done) {
    *bytes = done;
  };
}

async::Task<void> TransferStatus::stop() {
  co_await scope_.stop();
  session_.io.status("");
}

async::Task<void> TransferStatus::show() {
  int ticks = 0;
  while (co_await async::sleep_for(kTick)) {
    const std::string line = fmt::format("{}: {}", what_, size_text(*bytes_));
    if (session_.io.has_status_line()) {
      session_.io.status(line);
    } else if (++ticks % kTicksPerLine == 0) {
      session_.io.say(line);
    }
  }
}

async::Task<Result<Added>> add_shown(Session& session, ContentAccess& content,
                                     std::filesystem::path path, AddOptions options) {
  TransferStatus status(session, "adding " + path.string());
  auto added = co_await content.add(path, std::move(options), status.progress());
  co_await status.stop();
  co_return added;
}

async::Task<Result<void>> fetch_shown(Session& session, ContentAccess& content, ContentPath what,
                                      std::filesystem::path target) {
  TransferStatus status(session, "fetching " + what.to_string());
  auto fetched = co_await content.fetch(what, target, status.progress());
  co_await status.stop();
  co_return fetched;
}

}  // namespace skrei::cli
