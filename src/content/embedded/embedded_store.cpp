// SPDX-License-Identifier: Apache-2.0
#include "content/embedded/embedded_store.hpp"

#include <algorithm>
#include <charconv>

#include <sys/stat.h>

#include "base/file_lock.hpp"
#include "content/dag_walk.hpp"

namespace skrei::content::embedded {
namespace {

constexpr std::string_view kVersionPrefix = "skrei content ";
constexpr int kVersion = 1;
constexpr std::int32_t kApplicationId = 0x534b4354;  // "SKCT"
constexpr std::uint64_t kFloorCheckBytes = std::uint64_t{16} << 20;

constexpr std::string_view kSchema[] = {
    "CREATE TABLE block (hash BLOB PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL,"
    "  length INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX block_place ON block (segment, offset, length);"
    "CREATE TABLE root (cid BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE pin (cid BLOB NOT NULL, owner INTEGER NOT NULL, owner_id TEXT NOT NULL,"
    "  expires_at_ns INTEGER, PRIMARY KEY (cid, owner, owner_id)) WITHOUT ROWID;"
    "CREATE INDEX pin_owner ON pin (owner, owner_id);",
    // Collection; what collector.hpp says about marks.
    "ALTER TABLE block ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX pin_expiry ON pin (expires_at_ns) WHERE expires_at_ns IS NOT NULL;"
    "CREATE TABLE collection (one INTEGER PRIMARY KEY, cycle INTEGER NOT NULL);",
};

/// Pins of executions, which end with the process and are not worth a sync each.
constexpr std::string_view kExecutionPins =
    "PRAGMA temp_store=MEMORY;"
    "CREATE TEMP TABLE execution_pin (cid BLOB NOT NULL, owner INTEGER NOT NULL,"
    "  owner_id TEXT NOT NULL, expires_at_ns INTEGER, PRIMARY KEY (cid, owner, owner_id))"
    "  WITHOUT ROWID;"
    "CREATE INDEX temp.execution_pin_owner ON execution_pin (owner, owner_id);";

std::string_view table_of(PinOwner owner) {
  return owner == PinOwner::Execution ? "execution_pin" : "pin";
}

db::Options index_options(const Options& options) {
  return {.path = options.folder / "index.db",
          .application_id = kApplicationId,
          .steps = kSchema,
          .medium = options.medium};
}

/// Durably: what is synced in it later must not go with its entry.
Result<void> make_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return fail_errno(path.native());
  }
  return system_files().sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

Result<void> check_version(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "version";
  const Result<Bytes> bytes = read_file(file, 64);
  if (!bytes && bytes.error().code == Code::NotFound) {
    return write_file_atomically(file, as_bytes(fmt::format("{}{}\n", kVersionPrefix, kVersion)));
  }
  TRY(bytes);
  const std::string_view text = as_chars(*bytes);
  int version = 0;
  if (text.starts_with(kVersionPrefix)) {
    std::from_chars(text.data() + kVersionPrefix.size(), text.data() + text.size(), version);
  }
  if (version == kVersion) return {};
  if (version > kVersion) {
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("content store {}: version {} is newer than the {} that this "
                                  "Skrei knows",
                                  folder.native(), version, kVersion),
                      "start the newer Skrei, or name another data directory"});
  }
  return fail(Code::FailedPrecondition, "{}: is not a content store of Skrei", folder.native());
}

Result<std::map<std::int64_t, std::int64_t>> indexed_ends(db::Database& index) {
  std::map<std::int64_t, std::int64_t> ends;
  TRY_ASSIGN(auto rows,
             index.statement("SELECT segment, max(offset + length) FROM block GROUP BY segment"));
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) return ends;
    ends[rows.integer(0)] = rows.integer(1);
  }
}

}  // namespace

/// While it lives, nothing is swept or moved.
class EmbeddedStore::CollectorPause {
 public:
  explicit CollectorPause(EmbeddedStore& store) : store_(store) {
    const std::lock_guard lock(store_.index_mutex_);
    store_.collector_->pause();
  }
  ~CollectorPause() {
    const std::lock_guard lock(store_.index_mutex_);
    store_.collector_->resume();
  }
  CollectorPause(const CollectorPause&) = delete;
  CollectorPause& operator=(const CollectorPause&) = delete;

 private:
  EmbeddedStore& store_;
};

/// Appends at once, indexes at commit.
class EmbeddedStore::Batch final : public AddBatch {
 public:
  explicit Batch(EmbeddedStore& store) : store_(store) {}

  ~Batch() override {
    for (const auto& [hash, place] : places_)
      store_.segments_->settle(place);
    const std::lock_guard lock(store_.index_mutex_);
    for (const multi::Multihash& hash : present_)
      store_.collector_->release(hash);
  }

  Result<void> put(const multi::Cid& cid, ByteView bytes) override {
    TRY(check_block(cid, bytes));
    if (places_.contains(cid.hash()) || present_.contains(cid.hash())) return {};
    {
      const std::lock_guard lock(store_.index_mutex_);
      TRY_ASSIGN(const auto place, store_.look_up(cid.hash()));
      if (place) {
        // It has to stay until the commit, which counts on it.
        store_.collector_->hold(cid.hash());
        present_.insert(cid.hash());
        return {};
      }
    }
    unchecked_bytes_ += bytes.size();
    if (unchecked_bytes_ >= kFloorCheckBytes) {
      TRY(store_.check_floor());
      unchecked_bytes_ = 0;
    }
    TRY_ASSIGN(const BlockPlace place, store_.segments_->append(cid.hash(), bytes));
    places_.emplace(cid.hash(), place);
    return {};
  }

  Result<void> commit(const std::optional<multi::Cid>& root,
                      const std::optional<Pin>& pin) override {
    std::set<std::int64_t> touched;
    for (const auto& [hash, place] : places_)
      touched.insert(place.segment);
    TRY(store_.durable(store_.segments_->sync(touched)));
    const std::lock_guard lock(store_.index_mutex_);
    db::Database& index = *store_.index_;
    Collector& collector = *store_.collector_;
    const std::int64_t mark = collector.fresh_mark();
    std::vector<BlockPlace> added;
    TRY_ASSIGN(db::Transaction transaction, db::Transaction::begin(index));
    for (const auto& [hash, place] : places_) {
      // Another batch may have brought the same block meanwhile.
      TRY_ASSIGN(const std::int64_t inserted,
                 index.run("INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hash) "
                           "DO UPDATE SET mark = max(mark, ?5) WHERE mark < ?5",
                           hash.to_bytes(), place.segment, place.offset, place.length, mark));
      TRY_ASSIGN(const auto now, store_.look_up(hash));
      if (inserted > 0 && now == place) added.push_back(place);
    }
    for (const multi::Multihash& hash : present_) {
      TRY(index.run("UPDATE block SET mark = ?1 WHERE hash = ?2 AND mark < ?1", mark,
                    hash.to_bytes()));
    }
    if (root) TRY(store_.insert_root(*root));
    if (pin) TRY(store_.insert_pin(*pin));
    TRY(store_.durable(transaction.commit()));
    for (const BlockPlace& place : added)
      collector.added(place);
    if (!pin) collector.note_garbage();
    return {};
  }

 private:
  EmbeddedStore& store_;
  std::map<multi::Multihash, BlockPlace> places_;
  std::set<multi::Multihash> present_;  // Held until the end.
  std::uint64_t unchecked_bytes_ = 0;
};

Result<std::unique_ptr<EmbeddedStore>> EmbeddedStore::open(Options options,
                                                           async::BlockingPool& pool) {
  TRY(make_folder(options.folder));
  TRY_ASSIGN(UniqueFd lock, lock_file(options.folder / "lock",
                                      fmt::format("content store {}", options.folder.native())));
  TRY(check_version(options.folder));
  TRY(make_folder(options.folder / "segments"));
  std::unique_ptr<EmbeddedStore> store(
      new EmbeddedStore(std::move(options), pool, std::move(lock)));
  TRY_ASSIGN(store->index_, db::Database::open(index_options(store->options_)));
  TRY(store->index_->execute(kExecutionPins));
  TRY_ASSIGN(const auto ends, indexed_ends(*store->index_));
  TRY_ASSIGN(store->segments_, Segments::open({.folder = store->options_.folder / "segments",
                                               .roll_bytes = store->options_.segment_roll_bytes,
                                               .files = store->options_.medium.files},
                                              ends));
  store->collector_ =
      std::make_unique<Collector>(*store->index_, store->index_mutex_, *store, *store->segments_);
  TRY(store->collector_->load());
  return store;
}

Result<void> EmbeddedStore::check_floor() {
  return check_disk_floor(options_.folder, options_.floor_bytes, options_.disk_space);
}

Result<void> EmbeddedStore::durable(Result<void> result) {
  if (!result && result.error().code == Code::Internal && options_.on_fatal) {
    options_.on_fatal(result.error());
  }
  return result;
}

Result<std::optional<BlockPlace>> EmbeddedStore::find(const multi::Multihash& hash) {
  const std::lock_guard lock(index_mutex_);
  return look_up(hash);
}

Result<std::optional<BlockPlace>> EmbeddedStore::look_up(const multi::Multihash& hash) {
  TRY_ASSIGN(auto row,
             index_->statement("SELECT segment, offset, length FROM block WHERE hash = ?"));
  TRY(row.bind_all(hash.to_bytes()));
  TRY_ASSIGN(const bool found, row.step());
  if (!found) return std::nullopt;
  return BlockPlace{row.integer(0), row.integer(1), row.integer(2)};
}

Result<bool> EmbeddedStore::has(const multi::Cid& cid) {
  TRY_ASSIGN(const auto place, find(cid.hash()));
  return place.has_value();
}

Result<std::uint64_t> EmbeddedStore::size(const multi::Cid& cid) {
  TRY_ASSIGN(const auto place, find(cid.hash()));
  if (!place) return fail(Code::NotFound, "block {} is not here", cid);
  return static_cast<std::uint64_t>(place->length);
}

Result<Bytes> EmbeddedStore::get(const multi::Cid& cid) {
  TRY_ASSIGN(auto place, find(cid.hash()));
  while (place) {
    auto bytes = segments_->read(*place);
    if (bytes && cid.hash().matches(*bytes)) return bytes;
    if (!bytes && bytes.error().code != Code::NotFound) return bytes;
    // Compaction may have moved it between the look-up and the read.
    TRY_ASSIGN(const auto again, find(cid.hash()));
    if (again == place) {
      return fail(Code::Internal, "block {}: its bytes on disk are damaged (segment {}, offset {})",
                  cid, place->segment, place->offset);
    }
    place = again;
  }
  return fail(Code::NotFound, "block {} is not here", cid);
}

Result<std::unique_ptr<AddBatch>> EmbeddedStore::begin_add() {
  TRY(check_floor());
  return std::make_unique<Batch>(*this);
}

Result<void> EmbeddedStore::insert_pin(const Pin& pin) {
  std::optional<std::int64_t> expires_at;
  if (pin.expires_at) expires_at = pin.expires_at->time_since_epoch().count();
  TRY(index_->run(fmt::format("INSERT OR REPLACE INTO {} VALUES (?, ?, ?, ?)", table_of(pin.owner)),
                  pin.cid.to_bytes(), pin.owner, pin.owner_id, expires_at));
  collector_->keep(pin.cid);
  return {};
}

Result<void> EmbeddedStore::insert_root(const multi::Cid& root) {
  TRY(index_->run("INSERT OR IGNORE INTO root VALUES (?)", root.to_bytes()));
  collector_->keep(root);
  return {};
}

Result<void> EmbeddedStore::pin(const Pin& pin) {
  const std::lock_guard lock(index_mutex_);
  TRY_ASSIGN(const auto place, look_up(pin.cid.hash()));
  if (!place) return fail(Code::NotFound, "block {} is not here", pin.cid);
  return durable(insert_pin(pin));
}

Result<void> EmbeddedStore::unpin(const multi::Cid& cid, PinOwner owner,
                                  std::string_view owner_id) {
  const std::lock_guard lock(index_mutex_);
  TRY(index_->run(
      fmt::format("DELETE FROM {} WHERE cid = ? AND owner = ? AND owner_id = ?", table_of(owner)),
      cid.to_bytes(), owner, owner_id));
  return note_unpinned({cid.to_bytes()});
}

Result<void> EmbeddedStore::unpin_owners(PinOwner owner,
                                         const std::vector<std::string>& owner_ids) {
  const std::lock_guard lock(index_mutex_);
  std::vector<Bytes> cids;
  for (const std::string& owner_id : owner_ids) {
    TRY_ASSIGN(auto rows,
               index_->statement(fmt::format("SELECT cid FROM {} WHERE owner = ? AND owner_id = ?",
                                             table_of(owner))));
    TRY(rows.bind_all(owner, owner_id));
    while (true) {
      TRY_ASSIGN(const bool row, rows.step());
      if (!row) break;
      cids.push_back(rows.blob(0));
    }
  }
  if (cids.empty()) return {};
  const std::string remove =
      fmt::format("DELETE FROM {} WHERE owner = ? AND owner_id = ?", table_of(owner));
  TRY_ASSIGN(db::Transaction transaction, db::Transaction::begin(*index_));
  for (const std::string& owner_id : owner_ids)
    TRY(index_->run(remove, owner, owner_id));
  TRY(durable(transaction.commit()));
  return note_unpinned(cids);
}

/// Most pins are one of several, or come again: only what nobody pins is worth a collection.
Result<void> EmbeddedStore::note_unpinned(const std::vector<Bytes>& cids) {
  for (const Bytes& cid : cids) {
    TRY_ASSIGN(auto other, index_->statement("SELECT 1 FROM pin WHERE cid = ?1 UNION ALL "
                                             "SELECT 1 FROM execution_pin WHERE cid = ?1 LIMIT 1"));
    TRY(other.bind_all(cid));
    TRY_ASSIGN(const bool pinned, other.step());
    if (!pinned) collector_->note_garbage();
  }
  return {};
}

Result<std::vector<Pin>> EmbeddedStore::list_pins(const std::optional<multi::Cid>& cid) {
  const std::lock_guard lock(index_mutex_);
  TRY_ASSIGN(auto rows, index_->statement("SELECT cid, owner, owner_id, expires_at_ns FROM "
                                          "(SELECT * FROM pin UNION ALL SELECT * FROM "
                                          "execution_pin) WHERE ?1 IS NULL OR cid = ?1"));
  std::optional<Bytes> wanted;
  if (cid) wanted = cid->to_bytes();
  TRY(rows.bind_all(wanted));
  std::vector<Pin> pins;
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    TRY_ASSIGN(multi::Cid pinned, multi::Cid::from_bytes(rows.blob(0)));
    Pin pin{std::move(pinned), static_cast<PinOwner>(rows.integer(1)), rows.text(2)};
    if (!rows.is_null(3)) pin.expires_at = WallTime(Duration(rows.integer(3)));
    pins.push_back(std::move(pin));
  }
  std::ranges::sort(pins, {},
                    [](const Pin& pin) { return std::tie(pin.cid, pin.owner, pin.owner_id); });
  return pins;
}

Result<bool> EmbeddedStore::is_complete(const multi::Cid& root) {
  const std::lock_guard lock(index_mutex_);
  TRY_ASSIGN(auto row, index_->statement("SELECT 1 FROM root WHERE cid = ?"));
  TRY(row.bind_all(root.to_bytes()));
  return row.step();
}

Result<void> EmbeddedStore::mark_complete(const multi::Cid& root) {
  const std::lock_guard lock(index_mutex_);
  TRY_ASSIGN(const auto place, look_up(root.hash()));
  if (!place) return fail(Code::NotFound, "block {} is not here", root);
  return durable(insert_root(root));
}

Result<CollectStep> EmbeddedStore::collect(WallTime now) {
  return collector_->step(now);
}

Result<std::vector<Segments::Frozen>> EmbeddedStore::snapshot(const std::filesystem::path& index) {
  const CollectorPause pause(*this);
  // A connection of its own, so that adds and reads go on meanwhile. What the copy names lies
  // within the segments as they are afterwards.
  TRY_ASSIGN(const auto connection, db::Database::open(index_options(options_)));
  TRY(connection->copy_to(index));
  return segments_->freeze();
}

/// Visits every block, while nothing is swept, and calls the root complete.
Result<std::uint64_t> EmbeddedStore::walk_whole(const multi::Cid& root) {
  const CollectorPause pause(*this);
  TRY_ASSIGN(const DagSize size, walk_dag(*this, root, {}));
  TRY(mark_complete(root));
  return size.bytes;
}

async::Task<Result<void>> EmbeddedStore::ensure(multi::Cid root, Duration, Progress progress) {
  // Without an exchange there is nothing to wait for: one bounded walk over what is here.
  const auto visit_all = [this, &root]() -> Result<std::uint64_t> {
    TRY_ASSIGN(const bool complete, is_complete(root));
    if (complete) return std::uint64_t{0};
    return walk_whole(root);
  };
  Result<std::uint64_t> bytes = co_await async::blocking(pool_, visit_all);
  if (!bytes && bytes.error().code == Code::NotFound) {
    co_return fail(Error{Code::NotFound,
                         fmt::format("{}: not whole on this node, which has no exchange with peers "
                                     "yet ({})",
                                     root, bytes.error().message),
                         "add the data to this node first: skrei data add PATH"});
  }
  CO_TRY(bytes);
  if (progress) progress(*bytes, *bytes);
  co_return Result<void>();
}

}  // namespace skrei::content::embedded
