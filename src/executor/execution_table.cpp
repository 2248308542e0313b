// SPDX-License-Identifier: Apache-2.0
#include "executor/execution_table.hpp"

#include <utility>

#include "base/assert.hpp"

namespace skrei::executor {
namespace {

std::unexpected<Error> stopped() {
  return fail(Code::Unavailable, "the engine is stopped");
}

}  // namespace

async::Task<Result<ExecutionTable::Turn>> ExecutionTable::begin(ExecutionId id) {
  while (!closed_) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) {
      entries_.emplace(id, std::make_shared<Entry>());
      co_return Turn::Yours;
    }
    const std::shared_ptr<Entry> entry = found->second;
    if (entry->state != State::Starting) co_return Turn::StartedBefore;
    CO_TRY(co_await entry->changed.wait());
  }
  co_return stopped();
}

void ExecutionTable::started(const ExecutionId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || found->second->state != State::Starting) return;
  found->second->state = State::Running;
  found->second->changed.notify_all();
}

void ExecutionTable::failed(const ExecutionId& id) {
  drop(id);
}

void ExecutionTable::add_running(const ExecutionId& id) {
  const auto [entry, is_new] = entries_.emplace(id, nullptr);
  if (!is_new) return;
  entry->second = std::make_shared<Entry>();
  entry->second->state = State::Running;
}

void ExecutionTable::ended(const ExecutionId& id, Exit exit) {
  add_running(id);
  Entry& entry = *entries_.at(id);
  if (entry.state == State::Ended) return;
  entry.state = State::Ended;
  entry.exit = std::move(exit);
  entry.changed.notify_all();
}

async::Task<Result<Exit>> ExecutionTable::wait(ExecutionId id) {
  while (!closed_) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) co_return fail(Code::NotFound, "execution {}: not found", id);
    const std::shared_ptr<Entry> entry = found->second;
    if (entry->state == State::Ended) co_return entry->exit;
    CO_TRY(co_await entry->changed.wait());
    // Released before this waiter had its turn: the answer is still the answer.
    if (entry->state == State::Ended) co_return entry->exit;
  }
  co_return stopped();
}

std::optional<ExecutionTable::State> ExecutionTable::state(const ExecutionId& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  return found->second->state;
}

std::vector<ExecutionId> ExecutionTable::running() const {
  std::vector<ExecutionId> ids;
  for (const auto& [id, entry] : entries_) {
    if (entry->state == State::Running) ids.push_back(id);
  }
  return ids;
}

Result<void> ExecutionTable::forget(const ExecutionId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return {};
  if (found->second->state != State::Ended) {
    return fail(Code::FailedPrecondition, "execution {}: still runs; cancel it first", id);
  }
  drop(id);
  return {};
}

void ExecutionTable::drop(const ExecutionId& id) {
  const auto found = entries_.find(id);
  SKREI_ASSERT(found != entries_.end());
  found->second->changed.notify_all();
  entries_.erase(found);
}

void ExecutionTable::close() {
  closed_ = true;
  for (const auto& [id, entry] : entries_)
    entry->changed.notify_all();
}

}  // namespace skrei::executor
