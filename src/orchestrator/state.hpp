// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/candidates.hpp"
#include "orchestrator/decider.hpp"
#include "orchestrator/live_job.hpp"
#include "orchestrator/node_table.hpp"
#include "protocol/deadlines.hpp"
#include "protocol/job_machine.hpp"
#include "protocol/offer_machine.hpp"

namespace skrei::orchestrator {

/// One call into the decider: when it happens, and what it causes so far.
struct Turn {
  protocol::Now now;
  protocol::Effects fx;
};

struct SentOffer {
  JobId job;
  int partition = 0;
  NodeId node;
  protocol::OfferPhase phase = protocol::OfferPhase::Open;
  BootTime sent_at{};
  /// Counts against the bounds on open offers; ends with the answer or the silence.
  bool counted = true;
};

struct ExecutionPlace {
  JobId job;
  int partition = 0;
};

/// An execution that lost its lease and its race: what the recorded result was, to compare with.
struct LostExecution {
  JobId job;
  std::uint64_t job_version = 0;
  NodeId node;
  std::uint64_t epoch = 0;
  model::SpecConfig recorded;
  int recorded_exit_code = 0;
};

/// Where an award lies; valid until its job or partition ends.
struct AwardRef {
  LiveJob& job;
  int index;
  Partition& partition;
  LiveAward& award;
};

/// The decider's memory and rules, by files: decider.cpp (entry points, submit, time), line.cpp
/// (whose turn it is, and which node is asked), offers.cpp (offers, bids), awards.cpp (awards,
/// reports, leases), ops.cpp (once on every match), endings.cpp (results, ends of jobs),
/// retries.cpp (another start, blame), waiting.cpp (why a job waits), recovery.cpp.
///
/// A function that may end a job says so; references into it are void afterwards.
class Decider::State {
 public:
  State(NodeId self_id, Options settings, Random& source);

  // -- decider.cpp
  Result<Submitted> submit(Submission submission, protocol::Now now);
  /// ResourceExhausted at the limit of live jobs.
  Result<void> check_room() const;
  /// What the job needs, if this requester can run such jobs.
  static Result<Needs> needs_if_run(const model::Job& job);
  /// The job, just inserted, stands in line. May end it.
  void begin(LiveJob& job, Turn& turn);
  void on_message(const NodeId& from, const protocol::Message& message, Turn& turn);
  void on_peer_up(const NodeId& id, Turn& turn);
  /// Sends a hello; awards that are not confirmed wait for the heartbeat that answers it.
  void greet(const NodeEntry& node, Turn& turn);
  void on_peer_down(const NodeId& id, Turn& turn);
  void on_node_described(const model::NodeInfo& info, Turn& turn);
  void on_node_forgotten(const NodeId& id, Turn& turn);
  std::optional<BootTime> next_wakeup() const;
  void tick(Turn& turn);
  LiveJob& insert(std::shared_ptr<const model::Job> record, Needs needs, protocol::Now now);
  /// Gives the stored record its new state, and writes both. No-op where the table has no row.
  void set_state(LiveJob& job, protocol::JobEvent event, std::string message,
                 model::StringMap details, Turn& turn);
  void append(const LiveJob& job, model::Event event, Turn& turn);
  void append(const LiveAward& award, model::Event event, Turn& turn);
  /// Writes the execution's record with its phase and the turn's time.
  void write(LiveAward& award, Turn& turn);
  void arm(LiveJob& job);
  void arm(LiveAward& award);

  // -- line.cpp
  /// Offers what waits to whoever is open. May end jobs that nobody can take.
  void place(Turn& turn);
  /// The line is read from its beginning again: something became free.
  void rescan() { scan_from.reset(); }
  /// At `time` at the latest.
  void rescan_by(BootTime time);
  bool has_ready(const LiveJob& job) const { return job.has_ready(options.partitions_open_max); }
  /// Puts the job in line, or takes it out, as it has something to offer or not.
  void settle_line(LiveJob& job);
  void leave_line(LiveJob& job);
  /// One offer was made: after some the job stands behind the others of its priority.
  void count_turn(LiveJob& job);
  void make_ready(LiveJob& job, int index, Partition& partition, BootTime now);
  /// No longer Ready, Offered or Delayed: its offer is withdrawn, its timer cleared.
  void take_out(LiveJob& job, int index, Partition& partition);
  bool offer_next(LiveJob& job, Turn& turn);
  NodeEntry* choose(const LiveJob& job, const Partition* partition, BootTime now);
  bool is_worth_waiting(const LiveJob& job, const Partition& partition, BootTime now);

  // -- offers.cpp
  void send_offer(LiveJob& job, int index, NodeEntry& node, Turn& turn);
  void on(const NodeId& from, const protocol::Considering& message, Turn& turn);
  void on(const NodeId& from, const protocol::Bid& message, Turn& turn);
  void on(const NodeId& from, const protocol::Refusal& message, Turn& turn);
  void on_offer_deadline(const OfferId& id, Turn& turn);
  void release(SentOffer& offer);
  void withdraw(const OfferId& id);

  // -- awards.cpp
  LiveAward new_award(const LiveJob& job, int index, const NodeId& node, WallTime now);
  void award(LiveJob& job, int index, const protocol::Bid& bid, NodeEntry& node, Turn& turn);
  void send_award(const LiveJob& job, const LiveAward& award, Turn& turn);
  std::optional<AwardRef> locate(const NodeId& from, const ExecutionId& id, std::uint64_t epoch);
  void on(const NodeId& from, const protocol::AwardRefused& message, Turn& turn);
  void on(const NodeId& from, const protocol::Report& message, Turn& turn);
  void on(const NodeId& from, const protocol::Outcome& message, Turn& turn);
  void on(const NodeId& from, const protocol::Heartbeat& message, Turn& turn);
  /// A message of the other half, at the wrong door.
  template <class Other>
  void on(const NodeId&, const Other&, Turn&) {}
  /// Moves the execution as far as `state` says; true if that changed it.
  bool follow(AwardRef ref, model::ComputeStateType state, Turn& turn);
  void take_back(AwardRef ref, model::ComputeStateType state, Turn& turn);
  void on_held(const NodeId& from, const protocol::KnownExecution& held, Turn& turn);
  /// What the heartbeat leaves out: says unconfirmed awards to the run that sent it, and counts
  /// how often others are missing.
  void check_missing(NodeEntry& node, const protocol::Heartbeat& message, Turn& turn);
  void on_award_deadline(const ExecutionId& id, Turn& turn);
  /// May end the job.
  void lose(AwardRef ref, protocol::ExecutionEvent event, std::string_view reason, Turn& turn);
  void time_out(AwardRef ref, Turn& turn);
  void on_late_outcome(const NodeId& from, const protocol::Outcome& message, Turn& turn);

  // -- endings.cpp
  /// Takes the outcome of an execution that may still decide its partition. May end the job.
  void settle_outcome(AwardRef ref, const protocol::Outcome& outcome, Turn& turn);
  /// The same, for one that has failed or was cancelled.
  void settle_failure(AwardRef ref, const protocol::ExecutionResult& result, Turn& turn);
  void record_result(AwardRef ref, Turn& turn);
  /// Ends the job if nothing of it is left to decide.
  void finish_if_decided(LiveJob& job, Turn& turn);
  void stop_award(LiveAward& award, std::string_view why, Turn& turn);
  /// The execution is out of every index; its award may stay for the next one to point at.
  void forget(LiveAward& award);
  void remember_lost(const LiveAward& award, const model::Execution& recorded);
  void drop_partition(LiveJob& job, int index, std::string_view why, Turn& turn);
  /// Whatever of the job is under way ends, and it stands in no line and no index.
  void drop_all(LiveJob& job, std::string_view why, Turn& turn);
  /// Ends the job, whatever of it is under way, and forgets it.
  void end_job(const JobId& id, protocol::JobEvent event, std::string message, model::Event last,
               Turn& turn);
  void on_job_deadline(const JobId& id, Turn& turn);

  // -- ops.cpp
  /// Fixes the nodes of an ops job: those that match and are connected now. False if there are
  /// none.
  bool plan(LiveJob& job, Turn& turn);
  bool offer_to_a_match(LiveJob& job, Turn& turn);
  /// A partition whose node may be gone: gives it up once it was away for too long.
  void check_absent(LiveJob& job, int index, Turn& turn);
  /// The partition failed for good; the others of the job go on. May end the job.
  void fail_partition(LiveJob& job, int index, protocol::ExecutionEvent event, std::string reason,
                      Turn& turn);

  // -- retries.cpp
  /// The award failed through no fault of its job: the partition is started again, if it may be.
  /// May end the job.
  void retry(LiveJob& job, int index, const NodeId& failed_on, std::string reason, Turn& turn);
  /// The partition failed and is not started again. May end the job.
  void give_up(LiveJob& job, int index, std::string reason, model::Event last, Turn& turn);
  /// Blames both sides for an execution that the node broke. True if the job is to be stopped.
  bool blame(LiveJob& job, NodeEntry& node, const std::string& reason, protocol::Now now);
  /// What the state of a job that failed says: each partition that failed, and its last reason.
  std::string failure_text(const LiveJob& job, int index, const std::string& reason) const;
  /// Has the job's state say so, at once or within a second.
  void note(LiveJob& job, std::string text, Turn& turn);
  void write_note(LiveJob& job, Turn& turn);

  // -- versions.cpp
  Result<Submitted> update(Submission submission, const model::Job& stored, protocol::Now now);
  Result<Submitted> rerun(const model::Job& chosen, const model::Job& stored, std::string reason,
                          protocol::Now now);
  /// Of a live job the decider's record, else what the store has.
  const model::Job& latest(const model::Job& stored) const;
  Result<Submitted> replace(model::Job spec, const model::Job& stored, model::Event event,
                            std::vector<std::string> warnings, protocol::Now now);
  /// Ends the live version and forgets it; the record it leaves.
  model::Job retire(const JobId& id, Turn& turn);

  // -- waiting.cpp
  /// Nothing of the job could be offered: says why, or ends it if nobody will ever take it.
  void settle_waiting(LiveJob& job, Turn& turn);
  void note_verdict(LiveJob& job, const NodeId& node, const std::vector<protocol::Reason>& reasons,
                    BootTime now);
  struct Explanation {
    std::string text;
    model::StringMap details;
    /// Each node known refuses for good.
    bool hopeless = false;
  };
  Explanation explain(const LiveJob& job, BootTime now) const;

  // -- recovery.cpp
  void recover(std::vector<model::Job> recovered, std::vector<model::Execution> executions,
               Turn& turn);
  void recover_execution(LiveJob& job, model::Execution record, protocol::Now now);
  void recover_partitions(LiveJob& job, Turn& turn);

  const NodeId self;
  const Options options;
  Random& random;
  std::string boot_id;
  std::string run_id;

  std::map<JobId, LiveJob> jobs;
  std::map<ExecutionId, ExecutionPlace> executions_by_id;
  std::map<OfferId, SentOffer> offers;
  std::size_t offers_open = 0;
  NodeTable nodes;
  Candidates candidates;
  std::uint64_t next_serial = 1;

  /// Jobs with a partition that waits to be offered, and from where on the line was not yet read
  /// since something last became free.
  std::set<WaitKey> waiting;
  std::optional<WaitKey> scan_from;
  bool scan_unfinished = false;
  std::optional<BootTime> rescan_at;

  protocol::Deadlines<JobId> job_deadlines;
  protocol::Deadlines<OfferId> offer_deadlines;
  protocol::Deadlines<ExecutionId> award_deadlines;
  protocol::Deadlines<std::pair<JobId, int>> partition_delays;

  std::map<ExecutionId, LostExecution> lost;
  std::deque<ExecutionId> lost_order;
};

}  // namespace skrei::orchestrator
