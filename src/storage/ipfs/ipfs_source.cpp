// SPDX-License-Identifier: Apache-2.0
#include "storage/ipfs/ipfs_source.hpp"

#include "content/dag_walk.hpp"
#include "model/storage_params.hpp"

namespace skrei::storage::ipfs {
namespace {

Result<multi::Cid> cid_of(const model::SpecConfig& source) {
  TRY_ASSIGN(const model::IpfsSource params, model::ipfs_source(source));
  return multi::Cid::parse(params.cid);
}

/// Whether all of `root` is here. A tree that was added as a part of another is not known to be
/// complete; then its blocks are visited once and the answer is kept.
Result<Locality> look(content::ContentStore& store, const multi::Cid& root) {
  const Locality here{.local = true, .missing_bytes = 0};
  TRY_ASSIGN(const bool complete, store.is_complete(root));
  if (complete) return here;
  const Result<content::DagSize> walked = content::walk_dag(store, root, {});
  if (!walked && walked.error().code == Code::NotFound) return Locality{};
  TRY(walked);
  TRY(store.mark_complete(root));
  return here;
}

}  // namespace

Result<void> IpfsSource::validate(const model::SpecConfig& source) const {
  TRY(cid_of(source));
  return {};
}

async::Task<Result<Locality>> IpfsSource::check(model::SpecConfig source) {
  CO_TRY_ASSIGN(const multi::Cid cid, cid_of(source));
  const auto work = [this, &cid] {
    return look(store_, cid);
  };
  co_return co_await async::blocking(pool_, work);
}

async::Task<Result<PreparedInput>> IpfsSource::prepare(PrepareRequest request) {
  CO_TRY_ASSIGN(const multi::Cid cid, cid_of(request.source));
  CO_TRY(co_await store_.ensure(cid, request.limit, {}));
  const content::Pin pin{cid, content::PinOwner::Execution, request.execution.str()};
  const auto work = [this, &pin] {
    return store_.pin(pin);
  };
  CO_TRY(co_await async::blocking(pool_, work));
  CO_TRY_ASSIGN(MaterialisedTree tree, co_await cache_.acquire(cid, request.execution,
                                                               Budget{.bytes = request.bytes_max}));
  co_return PreparedInput{std::move(tree.path), Access::ReadOnly, tree.size_bytes, cid};
}

async::Task<Result<void>> IpfsSource::release(ExecutionId execution) {
  CO_TRY(co_await cache_.release(execution));
  const auto work = [this, &execution] {
    return store_.unpin_all(content::PinOwner::Execution, execution.str());
  };
  co_return co_await async::blocking(pool_, work);
}

}  // namespace skrei::storage::ipfs
