// SPDX-License-Identifier: Apache-2.0
#include "storage/materialised_cache.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/scope_guard.hpp"
#include "content/export.hpp"

namespace skrei::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporary = "tmp-";
constexpr std::string_view kMeta = ".meta";
// One use of so many is noted on disk.
constexpr std::uint64_t kUsesNoted = 64;

struct Meta {
  std::uint64_t size_bytes = 0;
  fs::file_time_type used;
};

Result<Meta> read_meta(const fs::path& file) {
  TRY_ASSIGN(const Bytes bytes, read_file(file, 64));
  const std::string_view text = as_chars(bytes);
  const std::size_t space = std::min(text.find(' '), text.size());
  Meta meta;
  const auto parsed = std::from_chars(text.data() + std::min(space + 1, text.size()),
                                      text.data() + text.size(), meta.size_bytes);
  if (parsed.ec != std::errc()) return fail(Code::Internal, "{}: is damaged", file.native());
  std::error_code error;
  meta.used = fs::last_write_time(file, error);
  if (error) return fail(errno_error(error.value(), file.native()));
  return meta;
}

}  // namespace

Result<std::unique_ptr<MaterialisedCache>> MaterialisedCache::open(Options options,
                                                                   content::ContentStore& store,
                                                                   async::BlockingPool& pool) {
  if (::mkdir(options.folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno(options.folder.native());
  }
  std::unique_ptr<MaterialisedCache> cache(new MaterialisedCache(std::move(options), store, pool));
  TRY(cache->load());
  return cache;
}

Result<void> MaterialisedCache::load() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options_.folder, error))
    names.push_back(entry.path().filename());
  if (error) return fail(errno_error(error.value(), options_.folder.native()));
  std::vector<std::pair<fs::file_time_type, std::string>> by_use;
  for (const std::string& name : names) {
    if (name.ends_with(kMeta)) {
      const std::string tree = name.substr(0, name.size() - kMeta.size());
      if (std::ranges::find(names, tree) == names.end()) TRY(remove(tree));
      continue;
    }
    const auto meta = read_meta(options_.folder / (name + std::string(kMeta)));
    if (name.starts_with(kTemporary) || !multi::Cid::parse(name) || !meta) {
      TRY(remove(name));
      continue;
    }
    trees_[name].size_bytes = meta->size_bytes;
    bytes_ += meta->size_bytes;
    by_use.emplace_back(meta->used, name);
  }
  std::ranges::sort(by_use);
  for (const auto& [used, name] : by_use)
    trees_[name].last_use = ++uses_;
  return {};
}

Result<void> MaterialisedCache::remove(const std::string& name) {
  // The meta file goes first: a tree without one is not taken for whole.
  const fs::path meta = options_.folder / (name + std::string(kMeta));
  if (::unlink(meta.c_str()) != 0 && errno != ENOENT) return fail_errno(meta.native());
  return content::remove_tree(options_.folder / name);
}

Result<std::uint64_t> MaterialisedCache::build(const multi::Cid& cid, Budget budget) {
  const std::string name = cid.to_string();
  const fs::path temporary = options_.folder / (std::string(kTemporary) + name);
  TRY(content::remove_tree(temporary));
  TRY_ASSIGN(const content::TreeSize size,
             content::materialise(store_, cid, temporary, budget, content::Permissions::ReadOnly));
  TRY_ASSIGN(const UniqueFd folder, open_file(options_.folder, O_RDONLY | O_DIRECTORY));
  if (::syncfs(folder.get()) != 0) return fail_errno(options_.folder.native());
  TRY(write_file_atomically(options_.folder / (name + std::string(kMeta)),
                            as_bytes(fmt::format("{} {}\n", size.entries, size.bytes))));
  const fs::path target = options_.folder / name;
  if (::rename(temporary.c_str(), target.c_str()) != 0) return fail_errno(target.native());
  return size.bytes;
}

async::Task<Result<MaterialisedTree>> MaterialisedCache::acquire(multi::Cid cid, ExecutionId user,
                                                                 Budget budget) {
  const std::string name = cid.to_string();
  const fs::path path = options_.folder / name;
  auto found = trees_.find(name);
  while (found != trees_.end() && found->second.busy) {
    CO_TRY(co_await idle_.wait());
    found = trees_.find(name);
  }
  if (found != trees_.end()) {
    if (found->second.size_bytes > budget.bytes) {
      co_return fail(Code::ResourceExhausted, "{}: has more bytes than allowed", name);
    }
    found->second.users.insert(user);
    found->second.last_use = ++uses_;
    const std::uint64_t size = found->second.size_bytes;
    if (++found->second.uses % kUsesNoted != 1) co_return MaterialisedTree{path, size};
    const fs::path meta = path.native() + std::string(kMeta);
    // The time only orders removals after a restart, so a failure here is not worth an error.
    const Result<void> touched = co_await async::blocking(pool_, [meta]() -> Result<void> {
      if (::utimensat(AT_FDCWD, meta.c_str(), nullptr, 0) != 0) return fail_errno(meta.native());
      return {};
    });
    if (!touched) log::debug("use of a tree not noted", {{"error", touched.error().message}});
    co_return MaterialisedTree{path, size};
  }
  trees_[name].busy = true;
  ScopeGuard abandon([this, &name] {
    trees_.erase(name);
    idle_.notify_all();
  });
  const auto work = [this, &cid, &budget] {
    return build(cid, budget);
  };
  CO_TRY_ASSIGN(const std::uint64_t size, co_await async::blocking(pool_, work));
  abandon.dismiss();
  bytes_ += size;
  trees_[name] = Tree{.size_bytes = size, .last_use = ++uses_, .users = {user}};
  idle_.notify_all();
  CO_TRY(co_await evict());
  co_return MaterialisedTree{path, size};
}

async::Task<Result<void>> MaterialisedCache::release(ExecutionId user) {
  for (auto& [name, tree] : trees_)
    tree.users.erase(user);
  co_return co_await evict();
}

async::Task<Result<void>> MaterialisedCache::evict() {
  while (bytes_ > options_.bytes_max) {
    auto oldest = trees_.end();
    for (auto tree = trees_.begin(); tree != trees_.end(); ++tree) {
      if (tree->second.busy || !tree->second.users.empty()) continue;
      if (oldest == trees_.end() || tree->second.last_use < oldest->second.last_use) oldest = tree;
    }
    if (oldest == trees_.end()) co_return Result<void>();
    const std::string name = oldest->first;
    oldest->second.busy = true;
    bytes_ -= oldest->second.size_bytes;
    // Whatever comes of it, the tree is not offered again; what is left of it goes at the next
    // start or when it is built anew.
    ScopeGuard forget([this, &name] {
      trees_.erase(name);
      idle_.notify_all();
    });
    const auto work = [this, &name] {
      return remove(name);
    };
    CO_TRY(co_await async::blocking(pool_, work));
  }
  co_return Result<void>();
}

}  // namespace skrei::storage
