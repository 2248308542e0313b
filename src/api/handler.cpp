// SPDX-License-Identifier: Apache-2.0
#include "api/handler.hpp"

#include "api/client_version.hpp"

namespace skrei::api {

http::Handler bind(Shared& shared, Answer (*handler)(Shared&, http::Request)) {
  return [&shared, handler](http::Request request) -> Answer {
    if (auto refusal = refuse_client(request, shared.options.version.git_version)) {
      return [](http::Response ready) -> Answer {
        co_return ready;
      }(*std::move(refusal));
    }
    return handler(shared, std::move(request));
  };
}

Result<void> check_may_change(const Shared& shared, const http::Request& request) {
  if (shared.options.open) return {};
  const std::string& peer = request.peer;
  if (peer == "unix" || peer.starts_with("127.") || peer.starts_with("[::1]")) return {};
  return fail(Error{Code::PermissionDenied,
                    fmt::format("{} may look, but not run or change anything here", peer),
                    "the node's owner allows it with --api-open"});
}

}  // namespace skrei::api
