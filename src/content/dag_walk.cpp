// SPDX-License-Identifier: Apache-2.0
#include "content/dag_walk.hpp"

#include <set>

#include "content/dag_pb.hpp"

namespace skrei::content {

Result<DagSize> walk_dag(BlockSource& source, const multi::Cid& root,
                         const std::function<Result<void>(const multi::Cid&, ByteView)>& visit) {
  DagSize size;
  std::set<multi::Cid> seen{root};
  std::vector<multi::Cid> waiting{root};
  while (!waiting.empty()) {
    const multi::Cid cid = std::move(waiting.back());
    waiting.pop_back();
    TRY_ASSIGN(const Bytes bytes, source.get(cid));
    if (visit) TRY(visit(cid, bytes));
    ++size.blocks;
    size.bytes += bytes.size();
    TRY_ASSIGN(std::vector<multi::Cid> links,
               with_context(links_of(cid, bytes), fmt::format("block {}", cid)));
    for (auto link = links.rbegin(); link != links.rend(); ++link) {
      if (seen.insert(*link).second) waiting.push_back(std::move(*link));
    }
  }
  return size;
}

}  // namespace skrei::content
