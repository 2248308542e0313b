// SPDX-License-Identifier: Apache-2.0
#include "testing/crash_load.hpp"

#include "async/sleep.hpp"
#include "testing/runner.hpp"

namespace skrei::e2e {

CrashLoad::CrashLoad(async::Loop& loop, ApiCalls& api, Random& random, Options options)
    : api_(api), random_(random), options_(std::move(options)), scope_(loop) {}

void CrashLoad::start() {
  for (std::size_t i = 0; i < options_.connections; ++i)
    scope_.spawn("submitter", submit_all());
}

const LoadKind& CrashLoad::random_kind() {
  int dice = static_cast<int>(random_.next_u64() % 100);
  for (const LoadKind& kind : options_.kinds) {
    if (dice < kind.share) return kind;
    dice -= kind.share;
  }
  return options_.kinds.front();
}

CrashLoad::Submission CrashLoad::next() {
  if (!again_.empty()) {
    Submission submission = std::move(again_.front());
    again_.pop_front();
    return submission;
  }
  if (made_ >= allowed_) return {};
  return {.key = fmt::format("key-{}", made_++), .kind = &random_kind()};
}

async::Task<void> CrashLoad::submit_all() {
  while (true) {
    Submission submission = next();
    if (submission.kind != nullptr) {
      const auto answer = co_await api_.call("PUT", "/api/v1/orchestrator/jobs",
                                             json::dump({{"Job", submission.kind->job}}),
                                             {{"Idempotency-Key", submission.key}});
      if (answer && answer->status == 200) {
        acknowledged_.emplace(answer->json()["JobID"].get<std::string>(), submission.kind);
      } else {
        ++repeated_;
        again_.push_back(std::move(submission));
      }
    }
    if (!co_await async::sleep_for(options_.pause)) co_return;
  }
}

async::Task<Result<void>> CrashLoad::finish(Duration limit) {
  const auto done = co_await wait_until(limit, "the acknowledgement of every submission",
                                        [this] { return acknowledged_.size() >= allowed_; });
  co_await stop();
  co_return done;
}

async::Task<void> CrashLoad::stop() {
  co_await scope_.stop();
}

}  // namespace skrei::e2e
