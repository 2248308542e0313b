// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/compile_cache.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/event.hpp"
#include "base/log.hpp"
#include "base/scope_guard.hpp"
#include "executor/wasm/artifact_folder.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr Duration kTouchInterval = std::chrono::minutes(1);
constexpr std::size_t kVerifiedMax = 64;
constexpr std::size_t kFailuresMax = 256;

/// What changes when somebody writes to a file in place.
struct FileState {
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};

  static std::optional<FileState> of(int fd) {
    struct stat status{};
    if (fstat(fd, &status) != 0) return std::nullopt;
    return FileState{.inode = status.st_ino, .size = status.st_size, .changed = status.st_ctim};
  }
  bool operator==(const FileState& other) const {
    return inode == other.inode && size == other.size && changed.tv_sec == other.changed.tv_sec &&
           changed.tv_nsec == other.changed.tv_nsec;
  }
};

struct Entry {
  std::string mac;
  std::uint64_t bytes = 0;
  std::uint64_t used = 0;  // Counts calls: the least is the least recently used.
  std::optional<BootTime> touched;
  // An artifact that was verified once stays open, so that the next call costs no hashing.
  UniqueFd verified;
  FileState state;
};

/// One compilation and those who wait for it.
struct Flight {
  async::Event done{async::Event::Reset::Manual};
  std::optional<Error> error;
  UniqueFd fd;  // Neither this nor an error: the call that led was cancelled.
};

struct Failure {
  Error error;
  BootTime until;
};

Result<UniqueFd> duplicate(int fd) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("compiled module");
  return copy;
}

}  // namespace

// Touched on the loop thread only, but for `folder` and `runner`, which do not change.
struct CompileCache::State {
  State(Options chosen, ArtifactFolder files, async::BlockingPool& threads, const Clock& time,
        Random& chance)
      : options(std::move(chosen)),
        folder(std::move(files)),
        pool(threads),
        clock(time),
        random(chance),
        runner(options.compiler),
        compilers({.threads = options.compiles_max, .queue_limit = options.waiting_max}) {}

  async::Task<Result<CompiledModule>> get(UniqueFd module, Sha256Digest digest,
                                          native::WasmEngineOptions engine);
  async::Task<Result<std::string>> fingerprint(native::WasmEngineOptions engine);
  async::Task<Result<std::optional<UniqueFd>>> from_cache(std::string id);
  async::Task<void> lead(std::shared_ptr<Flight> flight, std::string id, UniqueFd module,
                         Sha256Digest digest, native::WasmEngineOptions engine);
  async::Task<void> remove_files(std::vector<std::pair<std::string, std::string>> names);

  Result<UniqueFd> from_verified(Entry& entry);
  void remember_verified(Entry& entry, UniqueFd fd);
  void insert(const std::string& id, const ArtifactFolder::Adopted& adopted);
  std::vector<std::pair<std::string, std::string>> evict();
  std::optional<Error> remembered_failure(const std::string& id);
  void remember_failure(const std::string& id, const Error& error);
  std::string temporary_name();

  Options options;
  ArtifactFolder folder;
  async::BlockingPool& pool;
  const Clock& clock;
  Random& random;
  CompileRunner runner;
  async::BlockingPool compilers;

  std::map<std::string, Entry> entries;
  std::map<std::string, std::shared_ptr<Flight>> flights;
  std::map<std::string, Failure> failures;
  std::map<std::pair<bool, bool>, std::string> fingerprints;
  std::uint64_t uses = 0;
  std::uint64_t bytes = 0;
  CompileCacheStats stats;
};

Result<UniqueFd> CompileCache::State::from_verified(Entry& entry) {
  const auto now = FileState::of(entry.verified.get());
  if (!now || *now != entry.state) {
    entry.verified.reset();
    return fail(Code::FailedPrecondition, "compile cache: an artifact has been written to");
  }
  if (!entry.touched || clock.boot_now() - *entry.touched > kTouchInterval) {
    // Recency across restarts, at most one write a minute.
    entry.touched = clock.boot_now();
    if (futimens(entry.verified.get(), nullptr) != 0) {
      log::debug("compile cache: time of use not noted");
    }
    if (const auto after = FileState::of(entry.verified.get())) entry.state = *after;
  }
  return duplicate(entry.verified.get());
}

void CompileCache::State::remember_verified(Entry& entry, UniqueFd fd) {
  const auto state = FileState::of(fd.get());
  if (!state) return;
  const auto is_open = [](const auto& item) {
    return static_cast<bool>(item.second.verified);
  };
  if (std::ranges::count_if(entries, is_open) >= static_cast<std::ptrdiff_t>(kVerifiedMax)) {
    Entry* oldest = nullptr;
    for (auto& [id, other] : entries) {
      if (other.verified && (oldest == nullptr || other.used < oldest->used)) oldest = &other;
    }
    oldest->verified.reset();
  }
  entry.state = *state;
  entry.verified = std::move(fd);
}

void CompileCache::State::insert(const std::string& id, const ArtifactFolder::Adopted& adopted) {
  if (adopted.bytes > options.bytes_max) return;
  Entry& entry = entries[id];
  bytes += adopted.bytes - entry.bytes;
  entry.mac = adopted.mac;
  entry.bytes = adopted.bytes;
  entry.used = ++uses;
  if (auto copy = duplicate(adopted.fd.get())) remember_verified(entry, std::move(*copy));
}

std::vector<std::pair<std::string, std::string>> CompileCache::State::evict() {
  std::vector<std::pair<std::string, std::string>> victims;
  while (bytes > options.bytes_max && !entries.empty()) {
    const auto oldest =
        std::ranges::min_element(entries, {}, [](const auto& item) { return item.second.used; });
    bytes -= oldest->second.bytes;
    ++stats.evicted;
    victims.emplace_back(oldest->first, oldest->second.mac);
    entries.erase(oldest);
  }
  return victims;
}

std::optional<Error> CompileCache::State::remembered_failure(const std::string& id) {
  const auto found = failures.find(id);
  if (found == failures.end()) return std::nullopt;
  if (clock.boot_now() < found->second.until) return found->second.error;
  failures.erase(found);
  return std::nullopt;
}

void CompileCache::State::remember_failure(const std::string& id, const Error& error) {
  // Only what is the module's fault: a full queue or disk says nothing about the next try.
  const bool too_costly =
      error.code == Code::ResourceExhausted && error.message.starts_with("module");
  if (error.code != Code::InvalidArgument && !too_costly) return;
  if (failures.size() >= kFailuresMax) {
    failures.erase(
        std::ranges::min_element(failures, {}, [](const auto& item) { return item.second.until; }));
  }
  failures[id] = {.error = error, .until = clock.boot_now() + options.failure_memory};
}

std::string CompileCache::State::temporary_name() {
  std::array<std::uint8_t, 16> name{};
  random.fill(name);
  return to_hex(name);
}

async::Task<void> CompileCache::State::remove_files(
    std::vector<std::pair<std::string, std::string>> names) {
  if (names.empty()) co_return;
  const auto removed = co_await async::blocking(pool, [this, &names]() -> Result<void> {
    for (const auto& [id, mac] : names)
      TRY(folder.remove(id, mac));
    return {};
  });
  if (!removed) log::warn("compile cache: a file stays", {{"reason", removed.error().message}});
}

async::Task<Result<std::string>> CompileCache::State::fingerprint(
    native::WasmEngineOptions engine) {
  const std::pair key(engine.metering == native::WasmEngineOptions::Metering::On,
                      engine.nans == native::WasmEngineOptions::Nans::Canonical);
  if (const auto known = fingerprints.find(key); known != fingerprints.end()) {
    co_return known->second;
  }
  CO_TRY_ASSIGN(auto text, co_await async::blocking(
                               compilers, [this, engine] { return runner.fingerprint(engine); }));
  fingerprints[key] = text;
  co_return text;
}

/// Nothing if the artifact has to be made.
async::Task<Result<std::optional<UniqueFd>>> CompileCache::State::from_cache(std::string id) {
  const auto found = entries.find(id);
  if (found == entries.end()) co_return std::nullopt;
  found->second.used = ++uses;
  if (found->second.verified) {
    if (auto fd = from_verified(found->second)) co_return std::move(*fd);
  }
  const std::string mac = found->second.mac;
  auto opened =
      co_await async::blocking(pool, [this, &id, &mac] { return folder.open_verified(id, mac); });
  const auto again = entries.find(id);
  const bool same = again != entries.end() && again->second.mac == mac;
  if (opened) {
    if (same && !again->second.verified) {
      if (auto copy = duplicate(opened->get())) remember_verified(again->second, std::move(*copy));
    }
    co_return std::move(*opened);
  }
  const Code code = opened.error().code;
  if (code != Code::NotFound && code != Code::FailedPrecondition) co_return fail(opened.error());
  ++stats.corrupt;
  log::warn("compile cache: an artifact is made anew", {{"reason", opened.error().message}});
  if (same) {
    bytes -= again->second.bytes;
    entries.erase(again);
  }
  co_await remove_files({{id, mac}});
  co_return std::nullopt;
}

/// Compiles; whoever holds the flight learns the outcome from it, however this ends.
async::Task<void> CompileCache::State::lead(std::shared_ptr<Flight> flight, std::string id,
                                            UniqueFd module, Sha256Digest digest,
                                            native::WasmEngineOptions engine) {
  flights[id] = flight;
  const ScopeGuard land([this, &id, flight] {
    flights.erase(id);
    flight->done.set();
  });
  const std::string name = temporary_name();
  auto adopted = co_await async::blocking(
      compilers,
      [this, &id, &name, &module, &digest, &engine]() -> Result<ArtifactFolder::Adopted> {
        TRY_ASSIGN(const UniqueFd file, folder.create_temporary(name));
        auto done = runner.compile(module.get(), file.get(), digest, engine);
        if (!done) {
          folder.discard_temporary(name);
          return fail(std::move(done).error());
        }
        return folder.adopt(name, file.get(), id, options.bytes_max);
      });
  if (!adopted) {
    ++stats.failed;
    remember_failure(id, adopted.error());
    flight->error = std::move(adopted).error();
    co_return;
  }
  ++stats.compiled;
  insert(id, *adopted);
  flight->fd = std::move(adopted->fd);
}

async::Task<Result<CompiledModule>> CompileCache::State::get(UniqueFd module, Sha256Digest digest,
                                                             native::WasmEngineOptions engine) {
  const BootTime start = clock.boot_now();
  CO_TRY_ASSIGN(const std::string text, co_await fingerprint(engine));
  const std::string id = ArtifactFolder::id_of(digest, text);
  const auto answer = [&](UniqueFd fd, CompiledModule::Source source) -> Result<CompiledModule> {
    const auto state = FileState::of(fd.get());
    if (!state) return fail_errno("compiled module");
    return CompiledModule{.fd = std::move(fd),
                          .bytes = static_cast<std::uint64_t>(state->size),
                          .source = source,
                          .took = clock.boot_now() - start};
  };
  // Each turn ends in an answer or was spent on somebody else's cancelled compilation.
  while (true) {
    CO_TRY_ASSIGN(auto cached, co_await from_cache(id));
    if (cached) {
      ++stats.hits;
      co_return answer(std::move(*cached), CompiledModule::Source::Cache);
    }
    if (auto known = remembered_failure(id)) {
      ++stats.refused;
      co_return fail(std::move(*known));
    }
    const auto under_way = flights.find(id);
    if (under_way != flights.end()) {
      const std::shared_ptr<Flight> flight = under_way->second;
      ++stats.shared;
      CO_TRY(co_await flight->done.wait());
      if (flight->error) co_return fail(*flight->error);
      if (!flight->fd) continue;
      CO_TRY_ASSIGN(auto fd, duplicate(flight->fd.get()));
      co_return answer(std::move(fd), CompiledModule::Source::Compiled);
    }
    const auto flight = std::make_shared<Flight>();
    co_await lead(flight, id, std::move(module), digest, engine);
    if (flight->error) co_return fail(*flight->error);
    CO_TRY_ASSIGN(auto fd, duplicate(flight->fd.get()));
    co_await remove_files(evict());
    co_return answer(std::move(fd), CompiledModule::Source::Compiled);
  }
}

Result<std::unique_ptr<CompileCache>> CompileCache::open(Options options, async::BlockingPool& pool,
                                                         const Clock& clock, Random& random) {
  TRY_ASSIGN(auto folder, ArtifactFolder::open(options.folder, random));
  TRY_ASSIGN(const auto found, folder.list());
  auto state = std::make_shared<State>(std::move(options), std::move(folder), pool, clock, random);
  for (const ArtifactFolder::Found& artifact : found) {
    Entry& entry = state->entries[artifact.id];
    entry.mac = artifact.mac;
    entry.bytes = artifact.bytes;
    entry.used = ++state->uses;
    state->bytes += artifact.bytes;
  }
  for (const auto& [id, mac] : state->evict())
    TRY(state->folder.remove(id, mac));
  return std::unique_ptr<CompileCache>(new CompileCache(std::move(state)));
}

CompileCache::~CompileCache() {
  state_->runner.stop();
  state_->compilers.stop();
}

async::Task<Result<CompiledModule>> CompileCache::get(UniqueFd module, Sha256Digest digest,
                                                      native::WasmEngineOptions engine) {
  const std::shared_ptr<State> state = state_;
  co_return co_await state->get(std::move(module), digest, engine);
}

CompileCacheStats CompileCache::stats() const {
  CompileCacheStats stats = state_->stats;
  stats.artifacts = state_->entries.size();
  stats.bytes = state_->bytes;
  return stats;
}

}  // namespace skrei::executor::wasm
