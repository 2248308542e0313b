// SPDX-License-Identifier: Apache-2.0
#include "api/watch_hub.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "jobstore/find.hpp"

namespace skrei::api {
namespace {

constexpr std::size_t kPageRows = 500;

}  // namespace

bool WatchFilter::matches(const model::Job& candidate) const {
  if (!job.empty()) return candidate.id == job;
  if (!jobstore::is_any_namespace(namespace_) && candidate.namespace_ != namespace_) return false;
  return model::matches(labels, candidate.labels);
}

WatchHub::WatchHub(async::Loop& loop, const Clock& clock, jobstore::JobStore& store)
    : clock_(clock), store_(store), tasks_(loop) {}

WatchHub::~WatchHub() {
  SKREI_ASSERT(watchers() == 0);
}

void WatchHub::begin_shutdown() {
  stopping_ = true;
  let_all_read();
}

async::Task<void> WatchHub::stop() {
  if (pumping_) store_.on_events({});
  co_await tasks_.stop();
}

void WatchHub::add(Watcher& watcher) {
  if (!std::exchange(pumping_, true)) {
    store_.on_events([this] { grown_.set(); });
    tasks_.spawn("watched events", pump());
  }
  // Nobody listened: nothing before now was left for the pump.
  if (watchers() == 0) position_ = std::max(position_, store_.last_event());
  if (watcher.filter_.job.empty()) {
    of_all_.insert(&watcher);
  } else {
    of_one_.emplace(watcher.filter_.job, &watcher);
  }
}

void WatchHub::remove(Watcher& watcher) {
  of_all_.erase(&watcher);
  const auto [begin, end] = of_one_.equal_range(watcher.filter_.job);
  const auto found =
      std::find_if(begin, end, [&](const auto& entry) { return entry.second == &watcher; });
  if (found != end) of_one_.erase(found);
}

async::Task<void> WatchHub::pump() {
  while (co_await grown_.wait()) {
    while (watchers() > 0 && position_ < store_.last_event()) {
      auto page = co_await store_.events_after(position_, kPageRows);
      if (!page || page->has_gap || page->events.empty()) {
        // Each watcher reads for itself and tells its client what is wrong.
        if (!page) log::warn("cannot read events", {{"why", page.error().message}});
        position_ = std::max(position_, store_.last_event());
        let_all_read();
        break;
      }
      for (jobstore::JobEvent& event : page->events)
        dispatch(std::make_shared<const jobstore::JobEvent>(std::move(event)));
    }
  }
}

void WatchHub::dispatch(const SharedEvent& event) {
  position_ = std::max(position_, event->item.seq_num);
  const auto [begin, end] = of_one_.equal_range(event->item.job_id);
  std::for_each(begin, end, [&](const auto& entry) { entry.second->offer(event); });
  for (Watcher* const watcher : of_all_) {
    if (watcher->filter_.matches(*event->job)) watcher->offer(event);
  }
}

void WatchHub::let_all_read() {
  for (Watcher* const watcher : of_all_)
    watcher->read_from_store();
  for (const auto& [job, watcher] : of_one_)
    watcher->read_from_store();
}

Watcher::Watcher(WatchHub& hub, WatchFilter filter, std::uint64_t from)
    : hub_(hub), filter_(std::move(filter)), position_(from) {
  hub_.add(*this);
  read_from_store();
}

Watcher::~Watcher() {
  hub_.remove(*this);
}

void Watcher::offer(const std::shared_ptr<const jobstore::JobEvent>& event) {
  if (offered_.size() < kEventsHeldMax) {
    offered_.push_back(event);
    woken_.set();
  } else {
    read_from_store();
  }
}

/// What was offered is given up: the store holds it.
void Watcher::read_from_store() {
  offered_.clear();
  behind_ = true;
  read_up_to_ = hub_.position_;
  woken_.set();
}

async::Task<Result<Watcher::Batch>> Watcher::next(Duration limit) {
  const BootTime until = hub_.clock_.boot_now() + limit;
  while (true) {
    if (hub_.stopping_) co_return Batch{.events = {}, .end = End::Shutdown};
    Batch batch;
    if (behind_) {
      CO_TRY_ASSIGN(batch, co_await catch_up());
    } else {
      batch = take_offered();
    }
    if (!batch.events.empty() || batch.end != End::None) co_return batch;
    const Duration left = until - hub_.clock_.boot_now();
    if (left <= Duration::zero()) co_return batch;
    if (behind_) continue;
    const auto woken = co_await woken_.wait(left);
    if (woken) continue;
    if (woken.error().code == Code::Cancelled) co_return fail(woken.error());
    co_return batch;
  }
}

Watcher::Batch Watcher::take_offered() {
  Batch batch;
  bool has_ended = false;
  for (auto& event : std::exchange(offered_, {})) {
    // Read from the store before it was offered.
    if (event->item.seq_num <= position_) continue;
    position_ = event->item.seq_num;
    has_ended = model::is_terminal(event->job->state.state_type);
    batch.events.push_back(std::move(event));
  }
  // Whether this was the last event of the job, the store knows.
  if (has_ended && !filter_.job.empty()) read_from_store();
  return batch;
}

async::Task<Result<Watcher::Batch>> Watcher::catch_up() {
  return filter_.job.empty() ? catch_up_all() : catch_up_job();
}

async::Task<Result<Watcher::Batch>> Watcher::catch_up_all() {
  CO_TRY_ASSIGN(auto page, co_await hub_.store_.events_after(position_, kPageRows));
  if (page.has_gap) co_return Batch{.events = {}, .end = End::Gone};
  Batch batch;
  for (jobstore::JobEvent& event : page.events) {
    position_ = event.item.seq_num;
    if (!filter_.matches(*event.job)) continue;
    batch.events.push_back(std::make_shared<const jobstore::JobEvent>(std::move(event)));
  }
  // Asked after the read: meanwhile it may have become more.
  behind_ = position_ < read_up_to_;
  co_return batch;
}

async::Task<Result<Watcher::Batch>> Watcher::catch_up_job() {
  const std::uint64_t reading_up_to = read_up_to_;
  // The job first: what ended it is then in the history read after it.
  auto job = co_await hub_.store_.get_job(filter_.job, std::nullopt);
  if (!job) {
    if (job.error().code != Code::NotFound) co_return fail(job.error());
    co_return Batch{.events = {}, .end = End::Gone};
  }
  const auto shared = std::make_shared<const model::Job>(*std::move(job));
  CO_TRY_ASSIGN(auto page,
                co_await hub_.store_.history(
                    {.job_id = filter_.job, .after_seq = position_, .limit = kPageRows}));
  Batch batch;
  for (model::JobHistory& item : page.items) {
    position_ = item.seq_num;
    batch.events.push_back(
        std::make_shared<const jobstore::JobEvent>(jobstore::JobEvent{std::move(item), shared}));
  }
  if (page.next) co_return batch;
  if (model::is_terminal(shared->state.state_type)) batch.end = End::JobEnded;
  behind_ = read_up_to_ != reading_up_to;
  if (!behind_) position_ = std::max(position_, reading_up_to);
  co_return batch;
}

}  // namespace skrei::api
