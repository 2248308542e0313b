// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/server.hpp"
#include "json/json_fwd.hpp"

namespace skrei::api {

/// A JSON answer; indented if the request has `?pretty`.
http::Response answer(const http::Request& request, const json::Value& value, int status = 200);

/// The error envelope of v1.9.3, or application/problem+json (RFC 9457) for a client that accepts
/// it. `component` is a word for the part of the system that failed.
http::Response error_answer(const http::ErrorContext& context);

/// `error` with another status than its code's, for a handler to return.
http::Response error_answer(const http::Request& request, const Error& error, int status);

/// "NotFound", "BadRequest": the words of v1.9.3 for an error of this code.
std::string_view envelope_code(Code code);

}  // namespace skrei::api
