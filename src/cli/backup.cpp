// SPDX-License-Identifier: Apache-2.0
#include "node/backup.hpp"

#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "base/fd.hpp"
#include "base/scope_guard.hpp"
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/settings.hpp"
#include "cli/text.hpp"
#include "config/settings.hpp"
#include "json/json.hpp"
#include "model/time_text.hpp"
#include "node/offline_backup.hpp"

namespace skrei::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr Duration kAliveLimit = std::chrono::seconds(5);

std::string summary(const fs::path& file, const node::BackupInfo& info) {
  return fmt::format("{}  node {}, {}, {} files, {}", file.string(), info.node_id,
                     model::format_time(info.created), info.files, size_text(info.bytes));
}

class Backup final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"backup", "Copy a node's jobs, content and identity into one file, while it runs",
            "  skrei backup /mnt/backups/          # a new file in this folder\n"
            "  skrei backup node.tar               # this file, which must not exist\n"
            "  skrei backup --verify node.tar      # read it again, compare every digest\n",
            "Asks the node at the address or, where none runs, reads the data directory itself. In "
            "it: jobs with their\nhistory and results, all content, who the node is. Not in it: "
            "the output streams of executions beyond\nwhat `job describe` shows, settings, caches. "
            "A backup is consistent: what its jobs say was published is\nin its content. "
            "`skrei restore` brings it back.\n"};
  }

  void declare(Options& options) override {
    options.argument("FILE-OR-FOLDER", target_, "Where the backup goes, or the one to verify");
    options.flag("--verify", verify_, "Check the backup that is there instead of making one");
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    if (verify_) {
      const fs::path file(target_);
      CO_TRY_ASSIGN(const auto info, co_await async::blocking(
                                         session.pool, [&] { return node::verify_backup(file); }));
      session.io.line(summary(file, info) + ", whole");
      co_return kExitOk;
    }
    const fs::path target = target_file();
    std::error_code error;
    if (fs::exists(target, error)) {
      co_return fail(Error{Code::AlreadyExists, fmt::format("{} exists", target.string()),
                           "name a new file, or a folder to put one into"});
    }
    const fs::path part = target.string() + ".part";
    CO_TRY_ASSIGN(const UniqueFd file, open_file(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW));
    ScopeGuard undo([&part] { ::unlink(part.c_str()); });
    CO_TRY(co_await receive(session, file, part));
    CO_TRY_ASSIGN(const auto info,
                  co_await async::blocking(session.pool, [&]() -> Result<node::BackupInfo> {
                    if (::fsync(file.get()) != 0) {
                      return fail_errno(part.native());
                    }
                    TRY_ASSIGN(auto verified, node::verify_backup(part));
                    if (::rename(part.c_str(), target.c_str()) != 0) {
                      return fail_errno(target.native());
                    }
                    return verified;
                  }));
    undo.dismiss();
    session.io.line(summary(target, info));
    co_return kExitOk;
  }

 private:
  fs::path target_file() const {
    std::error_code error;
    if (!fs::is_directory(target_, error)) return target_;
    std::string time =
        model::format_time(std::chrono::floor<std::chrono::seconds>(SystemClock().now()));
    std::erase(time, ':');
    return fs::path(target_) / fmt::format("skrei-{}.tar", time);
  }

  static async::Task<Result<void>> receive(Session& session, const UniqueFd& file,
                                           const fs::path& name) {
    const auto alive = co_await async::with_deadline(session.api.get("agent/alive"), kAliveLimit,
                                                     "asking the node");
    if (alive) co_return co_await receive_from_node(session, file, name);
    if (!is_retryable(alive.error().code)) co_return fail(alive.error());
    const fs::path data_dir = config::expand_home(session.config.text("DataDir"), home_folder());
    const auto copy = [&]() -> Result<void> {
      TRY_ASSIGN(const auto pieces, node::open_offline_backup(data_dir, session.pool));
      while (true) {
        TRY_ASSIGN(const Bytes piece, pieces->next());
        if (piece.empty()) return {};
        TRY(write_all(file.get(), piece, name.native()));
      }
    };
    Result<void> copied = co_await async::blocking(session.pool, copy);
    if (!copied && copied.error().code == Code::NotFound) {
      copied.error().hint += fmt::format("; no node answers at {} either", session.api.address());
    }
    co_return copied;
  }

  static async::Task<Result<void>> receive_from_node(Session& session, const UniqueFd& file,
                                                     const fs::path& name) {
    CO_TRY_ASSIGN(http::ClientResponse response, co_await session.api.open("agent/backup", {}));
    Bytes buffer(kPieceBytes);
    std::uint64_t total = 0;
    while (true) {
      CO_TRY_ASSIGN(const std::size_t count, co_await response.body().read_some(buffer));
      if (count == 0) break;
      CO_TRY(co_await async::blocking(session.pool, [&] {
        return write_all(file.get(), ByteView(buffer).first(count), name.native());
      }));
      total += count;
      session.io.status(fmt::format("backing up: {}", size_text(total)));
    }
    session.io.status("");
    co_return Result<void>();
  }

  std::string target_;
  bool verify_ = false;
};

}  // namespace

std::unique_ptr<Command> make_backup() {
  return std::make_unique<Backup>();
}

}  // namespace skrei::cli
