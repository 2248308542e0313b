// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/scope.hpp"
#include "base/clock.hpp"
#include "jobstore/job_store.hpp"
#include "model/labels.hpp"

namespace skrei::api {

class Watcher;

/// Which events a watcher hears of.
struct WatchFilter {
  JobId job;                              ///< Empty: of all jobs that the rest lets through.
  std::string namespace_;                 ///< Empty or "*": any.
  std::vector<model::Constraint> labels;  ///< Of the job.

  bool matches(const model::Job& job) const;
};

/// Reads new events from the store once for all watchers, when the store says that there are some.
/// On the loop thread.
///
/// Life: construct; watchers come and go; begin_shutdown(); once they are gone `co_await stop()`;
/// destroy.
class WatchHub {
 public:
  WatchHub(async::Loop& loop, const Clock& clock, jobstore::JobStore& store);
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  std::size_t watchers() const { return of_all_.size() + of_one_.size(); }

  /// Every watcher ends, those to come too.
  void begin_shutdown();
  async::Task<void> stop();

 private:
  friend class Watcher;
  using SharedEvent = std::shared_ptr<const jobstore::JobEvent>;

  void add(Watcher& watcher);
  void remove(Watcher& watcher);
  async::Task<void> pump();
  void dispatch(const SharedEvent& event);
  void let_all_read();

  const Clock& clock_;
  jobstore::JobStore& store_;
  std::set<Watcher*> of_all_;
  std::multimap<JobId, Watcher*> of_one_;
  /// What later events than this one cause here is still to come.
  std::uint64_t position_ = 0;
  bool pumping_ = false;
  bool stopping_ = false;
  async::Event grown_{async::Event::Reset::Auto};
  async::TaskScope tasks_;
};

/// One client's place in the events: each once, in order, none left out. Holds at most
/// kEventsHeldMax events; a client that is further behind than that gets them from the store, at
/// its own speed. One task uses it; the hub outlives it.
class Watcher {
 public:
  static constexpr std::size_t kEventsHeldMax = 1024;

  /// Why nothing more comes: the one job ended, the node stops, or events after position() are not
  /// kept any more.
  enum class End { None, JobEnded, Shutdown, Gone };

  struct Batch {
    std::vector<std::shared_ptr<const jobstore::JobEvent>> events;
    End end = End::None;
  };

  /// Of events after `from`.
  Watcher(WatchHub& hub, WatchFilter filter, std::uint64_t from);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// What has come, at least one event or the end; nothing if neither came within `limit`.
  /// Errors are those of the store, and Cancelled.
  async::Task<Result<Batch>> next(Duration limit);

  /// The event after which a later watch with the same filter goes on.
  std::uint64_t position() const { return position_; }

 private:
  friend class WatchHub;

  void offer(const std::shared_ptr<const jobstore::JobEvent>& event);
  void read_from_store();
  Batch take_offered();
  async::Task<Result<Batch>> catch_up();
  async::Task<Result<Batch>> catch_up_all();
  async::Task<Result<Batch>> catch_up_job();

  WatchHub& hub_;
  WatchFilter filter_;
  std::uint64_t position_;
  /// While behind: what comes after this event is offered, what is up to it has to be read.
  bool behind_ = true;
  std::uint64_t read_up_to_ = 0;
  std::deque<std::shared_ptr<const jobstore::JobEvent>> offered_;
  async::Event woken_{async::Event::Reset::Auto};
};

}  // namespace skrei::api
