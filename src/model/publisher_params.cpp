// SPDX-License-Identifier: Apache-2.0
#include "model/publisher_params.hpp"

#include "model/params_codec.hpp"
#include "multi/cid.hpp"

namespace skrei::model {
namespace {

constexpr std::string_view kIpfs = "ipfs";

struct NoParams {};
constexpr auto json_fields(const NoParams*) {
  return std::tuple{};
}

}  // namespace

constexpr auto json_fields(const IpfsResult*) {
  return std::tuple{json::field("CID", &IpfsResult::cid)};
}
static_assert(json::kCoversAllMembers<IpfsResult>);

Result<void> check_ipfs_publisher(const SpecConfig& publisher) {
  TRY(decode_params<NoParams>("publisher", kIpfs, publisher));
  return {};
}

Result<IpfsResult> ipfs_result(const SpecConfig& published) {
  TRY_ASSIGN(IpfsResult result, decode_params<IpfsResult>("result", kIpfs, published));
  TRY(with_context(multi::Cid::parse(result.cid), "result \"ipfs\""));
  return result;
}

SpecConfig to_spec(const IpfsResult& result) {
  return encode_params(kIpfs, result);
}

}  // namespace skrei::model
