// SPDX-License-Identifier: Apache-2.0
#include "content/content_store.hpp"

namespace skrei::content {

std::string_view to_string(PinOwner owner) {
  switch (owner) {
    case PinOwner::User:
      return "user";
    case PinOwner::JobResult:
      return "job-result";
    case PinOwner::Execution:
      return "execution";
    case PinOwner::Bid:
      return "bid";
    case PinOwner::Fetch:
      return "fetch";
    case PinOwner::Image:
      return "image";
  }
  std::unreachable();
}

Result<void> ContentStore::put(const multi::Cid& cid, ByteView bytes) {
  TRY_ASSIGN(const auto batch, begin_add());
  TRY(batch->put(cid, bytes));
  return batch->commit(std::nullopt, std::nullopt);
}

Result<void> check_block(const multi::Cid& cid, ByteView bytes) {
  if (bytes.size() > kBlockSizeMax) {
    return fail(Code::InvalidArgument, "block {}: {} bytes are more than a block may have", cid,
                bytes.size());
  }
  if (cid.hash().matches(bytes)) return {};
  return fail(Code::InvalidArgument, "block {}: the bytes do not hash to this CID", cid);
}

}  // namespace skrei::content
