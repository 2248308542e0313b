// SPDX-License-Identifier: Apache-2.0
// Trees of blocks as an attacker would make them. Every link leads to a block of the input, chosen
// by the first byte of its digest, so trees nest, repeat and (unlike with true hashes) even loop.
// Input: pieces of one length byte and that many bytes; the first piece is the root.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "content/export.hpp"

namespace {

using namespace skrei;

class AnyBlocks final : public content::BlockSource {
 public:
  explicit AnyBlocks(ByteView input) {
    while (!input.empty()) {
      const std::size_t size = std::min<std::size_t>(input[0], input.size() - 1);
      blocks_.push_back(to_bytes(input.subspan(1, size)));
      input = input.subspan(1 + size);
    }
  }
  bool empty() const { return blocks_.empty(); }
  Result<Bytes> get(const multi::Cid& cid) override {
    const Bytes& digest = cid.hash().digest;
    return blocks_[digest.empty() ? 0 : digest[0] % blocks_.size()];
  }

 private:
  std::vector<Bytes> blocks_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  AnyBlocks blocks(ByteView(data, size));
  if (blocks.empty()) return 0;
  const multi::Cid root =
      multi::Cid::v1(multi::Codec::DagPb, {multi::HashCode::Identity, Bytes{0}});
  const Budget budget{.bytes = 65536, .entries = 200, .depth = 8};
  content::TarExport tar(blocks, root, "r", budget);
  for (auto piece = tar.next(); piece && !piece->empty();) {
    piece = tar.next();
  }
  if (const auto entry = content::stat_entry(blocks, root)) {
    static_cast<void>(content::list_folder(blocks, *entry, budget));
  }
  static_cast<void>(content::resolve_path(blocks, root, "a/b"));
  return 0;
}
