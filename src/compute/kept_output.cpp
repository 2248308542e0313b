// SPDX-License-Identifier: Apache-2.0
#include "compute/kept_output.hpp"

#include <utility>

#include <sys/stat.h>

#include "executor/execution_file.hpp"

namespace skrei::compute {
namespace {

struct Measured {
  WallTime changed{};
  std::uint64_t bytes = 0;
};

/// Of the file that executor/execution_file.hpp keeps of a released execution; nothing where there
/// is none.
Measured measure_file(const std::filesystem::path& executions, const ExecutionId& id) {
  constexpr std::uint64_t kStatBlock = 512;
  struct stat info{};
  if (::stat((executions / (id.str() + ".out")).c_str(), &info) != 0) return {};
  const Duration changed =
      std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
  return {WallTime(changed), static_cast<std::uint64_t>(info.st_blocks) * kStatBlock};
}

}  // namespace

async::Task<Result<void>> KeptOutput::load() {
  const auto find = [this]() -> Result<std::vector<Kept>> {
    TRY_ASSIGN(const auto ids, executor::ExecutionFile::released(executions_));
    std::vector<Kept> found;
    for (const ExecutionId& id : ids) {
      const Measured measured = measure_file(executions_, id);
      found.push_back({id, measured.changed, measured.bytes});
    }
    return found;
  };
  CO_TRY_ASSIGN(auto found, co_await async::blocking(pool_, find));
  for (Kept& kept : found)
    insert(std::move(kept));
  co_return Result<void>();
}

async::Task<Result<void>> KeptOutput::add(ExecutionId id, WallTime ended) {
  unmeasured_.push_back(next_);
  insert({std::move(id), ended, 0});
  if (unmeasured_.size() < bounds_.checked_every) co_return Result<void>();
  CO_TRY(co_await measure());
  std::vector<ExecutionId> oldest;
  while (by_age_.size() > bounds_.executions_max || bytes_ > bounds_.bytes_max)
    oldest.push_back(take(by_age_.begin()).id);
  CO_TRY(co_await remove_files(std::move(oldest)));
  co_return Result<void>();
}

async::Task<Result<void>> KeptOutput::measure() {
  std::vector<std::pair<std::uint64_t, ExecutionId>> fresh;
  for (const std::uint64_t number : std::exchange(unmeasured_, {})) {
    if (const auto entry = by_age_.find(number); entry != by_age_.end()) {
      fresh.emplace_back(number, entry->second.id);
    }
  }
  const auto measure_all = [&]() -> Result<std::vector<std::uint64_t>> {
    std::vector<std::uint64_t> bytes;
    for (const auto& [number, id] : fresh)
      bytes.push_back(measure_file(executions_, id).bytes);
    return bytes;
  };
  CO_TRY_ASSIGN(const auto bytes, co_await async::blocking(pool_, measure_all));
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    const auto entry = by_age_.find(fresh[i].first);
    if (entry == by_age_.end()) continue;  // It went meanwhile.
    entry->second.bytes = bytes[i];
    bytes_ += bytes[i];
  }
  co_return Result<void>();
}

async::Task<Result<std::size_t>> KeptOutput::remove_older(WallTime than) {
  std::vector<ExecutionId> old;
  while (!by_age_.empty() && by_age_.begin()->second.ended < than)
    old.push_back(take(by_age_.begin()).id);
  co_return co_await remove_files(std::move(old));
}

async::Task<Result<std::size_t>> KeptOutput::remove(std::vector<ExecutionId> ids) {
  std::vector<ExecutionId> kept;
  for (const ExecutionId& id : ids) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end()) kept.push_back(take(by_age_.find(found->second)).id);
  }
  co_return co_await remove_files(std::move(kept));
}

void KeptOutput::insert(Kept kept) {
  if (by_id_.contains(kept.id)) return;
  bytes_ += kept.bytes;
  by_id_.emplace(kept.id, next_);
  by_age_.emplace(next_++, std::move(kept));
}

KeptOutput::Kept KeptOutput::take(std::map<std::uint64_t, Kept>::iterator entry) {
  Kept kept = std::move(entry->second);
  by_age_.erase(entry);
  by_id_.erase(kept.id);
  bytes_ -= kept.bytes;
  return kept;
}

/// What cannot be removed counts no more: else the others would be dropped in its place.
async::Task<Result<std::size_t>> KeptOutput::remove_files(std::vector<ExecutionId> ids) {
  if (ids.empty()) co_return std::size_t{0};
  const auto remove_all = [&]() -> Result<std::size_t> {
    Result<void> removed;
    for (const ExecutionId& id : ids) {
      if (auto gone = executor::ExecutionFile::remove(executions_, id); !gone) removed = gone;
    }
    TRY(removed);
    return ids.size();
  };
  co_return co_await async::blocking(pool_, remove_all);
}

}  // namespace skrei::compute
