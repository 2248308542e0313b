// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "api/resources.hpp"

namespace skrei::api {

using Answer = async::Task<Result<http::Response>>;

/// A route's handler from a coroutine function over what the resources share. Clients that are too
/// old are refused before it.
http::Handler bind(Shared& shared, Answer (*handler)(Shared&, http::Request));

/// PermissionDenied for a client on another host, unless those may change things too.
Result<void> check_may_change(const Shared& shared, const http::Request& request);

}  // namespace skrei::api
