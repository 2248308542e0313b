// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.hpp"

#include <utility>
#include <variant>

namespace skrei::sim {
namespace {

using namespace std::chrono_literals;

}  // namespace

void Disk::commit(protocol::Batch batch, Action synced) {
  ++committed_;
  open_.push_back({std::move(batch), std::move(synced)});
  if (!writing_) write();
}

void Disk::write() {
  writing_ = true;
  written_ = std::exchange(open_, {});
  const Duration time =
      dice_.chance(weather_.slow_syncs) ? dice_.between(200ms, 4s) : dice_.between(100us, 8ms);
  agenda_.after(time, [this, life = life_] {
    if (life == life_) finish();
  });
}

void Disk::keep() {
  for (Entry& entry : written_) {
    owner_.synced(entry.batch);
    // Nobody reads histories here, and those of a long world would fill the memory.
    std::erase_if(entry.batch, [](const protocol::Mutation& row) {
      return std::holds_alternative<protocol::AppendEvent>(row);
    });
    tables_.apply(std::move(entry.batch), WallTime{});
    ++synced_;
  }
}

void Disk::finish() {
  keep();
  std::vector<Entry> answered = std::exchange(written_, {});
  writing_ = false;
  if (!open_.empty()) write();
  for (Entry& entry : answered)
    owner_.answer(std::move(entry.synced));
}

void Disk::crash() {
  ++life_;
  open_.clear();
  if (writing_ && dice_.chance(500)) keep();
  written_.clear();
  writing_ = false;
  committed_ = synced_;
}

}  // namespace skrei::sim
