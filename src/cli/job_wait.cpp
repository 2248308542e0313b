// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "async/sleep.hpp"
#include "cli/api_command.hpp"
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/job_ending.hpp"
#include "cli/run_flags.hpp"
#include "cli/text.hpp"
#include "json/json.hpp"
#include "model/time_text.hpp"

namespace skrei::cli {
namespace {

/// A watch says when there is something new; this is for the case that it does not, and for the
/// status line.
constexpr Duration kLook = std::chrono::seconds(1);
constexpr Duration kPoll = std::chrono::milliseconds(250);
constexpr Duration kTalkEvery = std::chrono::seconds(30);

/// What one long poll says: of which jobs there were events, and where the next begins.
struct WatchAnswer {
  std::optional<std::uint64_t> next_from;
  bool has_ended = false;
  std::vector<std::string> jobs;

  explicit WatchAnswer(const json::Value& answer) {
    if (!answer.is_object()) return;
    if (const auto next = answer.find("NextFrom");
        next != answer.end() && next->is_number_unsigned()) {
      next_from = next->get<std::uint64_t>();
    }
    const auto end = answer.find("End");
    has_ended = end != answer.end() && *end != "";
    const auto items = answer.find("Items");
    if (items == answer.end() || !items->is_array()) return;
    for (const json::Value& item : *items) {
      const auto job = item.is_object() ? item.find("JobID") : item.end();
      if (job != item.end() && job->is_string()) jobs.push_back(job->get<std::string>());
    }
  }
};

class JobWait final : public ApiCommand {
 public:
  CommandText text() const override {
    return {"job wait", "Wait until jobs have ended, however they end",
            "  skrei job wait j-1a2b3c4d && echo done\n"
            "  skrei job wait --any $(skrei job list --output id)      # the first of them\n"
            "  skrei job wait --timeout 10m my-job                     # 124 if it takes longer\n",
            "Prints one line per ended job: id, state, exit code. Ends with the exit code of the "
            "first job, in the\norder given, that did not end with 0.\n"};
  }

  void declare(Options& options) override {
    options.arguments("JOB", jobs_, "Ids, beginnings of ids, or names");
    options.flag("--any", any_, "Until one of them has ended");
    options.flag("--all", all_, "Until all have ended (the default)");
    options.value("--timeout", timeout_, "TIME", "At most so long: \"90\" seconds or \"10m\"");
    options.value("--namespace", namespace_, "NAME", "The jobs' namespace, to find them by name");
  }

 protected:
  async::Task<Result<int>> work(Session& session) override {
    if (any_ && all_) co_return fail(Code::InvalidArgument, "--any and --all exclude each other");
    CO_TRY_ASSIGN(const std::chrono::seconds limit, parse_timeout("--timeout", timeout_));
    SystemClock clock;
    const BootTime began = clock.boot_now();
    BootTime talked = began;
    co_await watch(session, Duration::zero());
    while (true) {
      for (const std::string& name : jobs_) {
        if (codes_.contains(name)) continue;
        CO_TRY_ASSIGN(const JobRecord record, co_await session.api.job(name, namespace_));
        ids_.insert(record.job.id.str());
        if (is_terminal(record.job.state.state_type)) tell(session.io, name, record);
      }
      if (codes_.size() == std::set(jobs_.begin(), jobs_.end()).size() ||
          (any_ && !codes_.empty())) {
        break;
      }
      const BootTime now = clock.boot_now();
      if (limit.count() > 0 && now - began >= limit) {
        co_return fail(Code::DeadlineExceeded, "{} of {} have not ended after {}",
                       jobs_.size() - codes_.size(), counted(jobs_.size(), "job", "jobs"),
                       span_text(limit));
      }
      const std::string status =
          fmt::format("{} of {} ended · {}", codes_.size(), counted(jobs_.size(), "job", "jobs"),
                      span_text(now - began));
      session.io.status(status);
      if (now - talked >= kTalkEvery && !session.io.has_status_line()) {
        talked = now;
        session.io.say(status);
      }
      const BootTime until = limit.count() > 0 ? std::min(now + kLook, began + limit) : now + kLook;
      while (clock.boot_now() < until && !co_await watch(session, until - clock.boot_now())) {
      }
    }
    co_return code();
  }

 private:
  /// Waits for events, `limit` at most: whether there were some of the jobs that are waited for. A
  /// node that cannot be watched is asked again after a while.
  async::Task<bool> watch(Session& session, Duration limit) {
    http::Query query;
    query.add("wait", model::format_duration(limit));
    if (from_) query.add("from", fmt::to_string(*from_));
    const auto answer = co_await session.api.get("orchestrator/jobs/watch", std::move(query));
    const WatchAnswer page(answer ? *answer : json::Value());
    from_ = page.next_from;
    if (!from_ || page.has_ended) {
      static_cast<void>(co_await async::sleep_for(std::min(limit, kPoll)));
      co_return true;
    }
    co_return std::ranges::any_of(page.jobs,
                                  [this](const std::string& id) { return ids_.contains(id); });
  }

  void tell(Io& io, const std::string& name, const JobRecord& record) {
    const JobEnding ending = ending_of(record);
    codes_[name] = ending.exit_code;
    io.line(fmt::format("{}  {}  {}", record.job.id, to_string(record.job.state.state_type),
                        ending.exit_code));
    io.flush();
    if (!ending.message.empty()) io.say(to_valid_utf8(ending.message));
  }

  int code() const {
    for (const std::string& name : jobs_) {
      const auto found = codes_.find(name);
      if (found != codes_.end() && found->second != 0) return found->second;
    }
    return kExitOk;
  }

  std::vector<std::string> jobs_;
  bool any_ = false;
  bool all_ = false;
  std::string timeout_;
  std::string namespace_;
  std::map<std::string, int> codes_;
  std::set<std::string> ids_;
  /// The event behind which the next watch begins; unset: now.
  std::optional<std::uint64_t> from_;
};

}  // namespace

std::unique_ptr<Command> make_job_wait() {
  return std::make_unique<JobWait>();
}

}  // namespace skrei::cli
