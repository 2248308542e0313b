// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "api/resources.hpp"

namespace skrei::api {

using Answer = async::Task<Result<http::Response>>;

/// A route's handler from a coroutine function over what the resources share.
inline http::Handler bind(Shared& shared, Answer (*handler)(Shared&, http::Request)) {
  return [&shared, handler](http::Request request) {
    return handler(shared, std::move(request));
  };
}

/// PermissionDenied for a client on another host, unless those may change things too.
Result<void> check_may_change(const Shared& shared, const http::Request& request);

}  // namespace skrei::api
