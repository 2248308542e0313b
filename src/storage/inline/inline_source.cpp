// SPDX-License-Identifier: Apache-2.0
#include "storage/inline/inline_source.hpp"

#include <algorithm>

#include "content/import.hpp"
#include "model/storage_params.hpp"
#include "storage/inline/data_url.hpp"

namespace skrei::storage::inline_data {
namespace {

Result<DataUrl> data_of(const model::SpecConfig& source) {
  TRY_ASSIGN(const model::InlineSource params, model::inline_source(source));
  return parse_data_url(params.url);
}

ReadFunction reading(ByteView bytes) {
  return [rest = bytes](std::span<std::uint8_t> buffer) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(rest.size(), buffer.size());
    std::ranges::copy(rest.first(count), buffer.begin());
    rest = rest.subspan(count);
    return count;
  };
}

bool is_gzip(ByteView bytes) {
  return bytes.size() > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/// A gzip'd tar as a folder; anything else, other gzip data included, as a file.
Result<multi::Cid> import(content::ContentStore& store, const DataUrl& url, Budget budget,
                          const ExecutionId& execution) {
  TRY_ASSIGN(const auto batch, store.begin_add());
  const content::ImportOptions options{.budget = budget};
  std::optional<content::DagLink> link;
  if (is_gzip(url.data)) {
    Result<content::DagLink> folder = content::import_tar(*batch, reading(url.data), options);
    if (folder) link = *std::move(folder);
    if (!folder && folder.error().code != Code::InvalidArgument) return fail(folder.error());
    if (!folder && url.media_type == "application/gzip") {
      return fail(with_context(std::move(folder), "inline input").error());
    }
  }
  if (!link) {
    TRY_ASSIGN(link, content::import_stream(*batch, reading(url.data), options));
  }
  TRY(batch->commit(link->cid,
                    content::Pin{link->cid, content::PinOwner::Execution, execution.str()}));
  return link->cid;
}

}  // namespace

Result<void> InlineSource::validate(const model::SpecConfig& source) const {
  TRY(data_of(source));
  return {};
}

async::Task<Result<Locality>> InlineSource::check(model::SpecConfig source) {
  CO_TRY(validate(source));
  co_return Locality{.local = true, .missing_bytes = 0};
}

async::Task<Result<PreparedInput>> InlineSource::prepare(PrepareRequest request) {
  CO_TRY_ASSIGN(const DataUrl url, data_of(request.source));
  const Budget budget{.bytes = request.bytes_max};
  const auto work = [this, &url, &budget, &request] {
    return import(store_, url, budget, request.execution);
  };
  CO_TRY_ASSIGN(const multi::Cid cid, co_await async::blocking(pool_, work));
  CO_TRY_ASSIGN(MaterialisedTree tree, co_await cache_.acquire(cid, request.execution, budget));
  co_return PreparedInput{std::move(tree.path), Access::ReadOnly, tree.size_bytes, cid};
}

async::Task<Result<void>> InlineSource::release(ExecutionId execution) {
  CO_TRY(co_await cache_.release(execution));
  const auto work = [this, &execution] {
    return store_.unpin_all(content::PinOwner::Execution, execution.str());
  };
  co_return co_await async::blocking(pool_, work);
}

}  // namespace skrei::storage::inline_data
