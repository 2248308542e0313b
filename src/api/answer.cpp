// SPDX-License-Identifier: Apache-2.0
#include "api/answer.hpp"

#include <string>

#include "base/bytes.hpp"
#include "http/accept.hpp"
#include "json/json.hpp"

namespace skrei::api {
namespace {

/// No Code stands for it: it is said by the few handlers that leave something out on purpose.
constexpr int kNotImplemented = 501;
constexpr std::string_view kProblem = "application/problem+json";

/// Named, and liked no less than plain JSON.
bool prefers_problem(std::string_view accept) {
  const int weight = http::accept_weight(accept, kProblem).value_or(0);
  return weight > 0 && weight >= http::accept_weight(accept, "application/json").value_or(0);
}

http::Response problem(const http::ErrorContext& context) {
  json::Value body = {{"type", "about:blank"},
                      {"title", std::string(http::reason_phrase(context.status))},
                      {"status", context.status},
                      {"detail", context.error.message},
                      {"code", std::string(to_string(context.error.code))},
                      {"request_id", std::string(context.request_id)}};
  if (!context.error.hint.empty()) body["hint"] = context.error.hint;
  return http::Response::bytes(json::dump(body), kProblem, context.status);
}

}  // namespace

http::Response answer(const http::Request& request, const json::Value& value, int status) {
  const bool pretty = request.query.contains("pretty");
  std::string text = json::dump(value, pretty ? json::Layout::Indented : json::Layout::Compact);
  text += '\n';
  return http::Response::json(std::move(text), status);
}

std::string_view envelope_code(Code code) {
  switch (code) {
    case Code::InvalidArgument:
      return "BadRequest";
    case Code::NotFound:
      return "NotFound";
    case Code::AlreadyExists:
    case Code::FailedPrecondition:
      return "ResourceInUse";
    case Code::PermissionDenied:
      return "Forbidden";
    case Code::ResourceExhausted:
    case Code::OutOfSpace:
      return "ResourceExhausted";
    case Code::DeadlineExceeded:
      return "TimeOut";
    case Code::Cancelled:
      return "RequestCancelled";
    case Code::Unavailable:
      return "ServiceUnavailable";
    case Code::Internal:
      return "InternalError";
  }
  return "InternalError";
}

http::Response error_answer(const http::ErrorContext& context) {
  if (prefers_problem(context.accept)) return problem(context);
  json::Value body = {
      {"Status", context.status},
      {"Message", context.error.message},
      {"RequestID", std::string(context.request_id)},
      {"Code", context.status == kNotImplemented ? "NotImplemented"
                                                 : std::string(envelope_code(context.error.code))},
      {"Component", "API"}};
  if (!context.error.hint.empty()) body["Hint"] = context.error.hint;
  return http::Response::json(json::dump(body) + "\n", context.status);
}

http::Response error_answer(const http::Request& request, const Error& error, int status) {
  return error_answer({.status = status,
                       .error = error,
                       .request_id = request.id,
                       .accept = request.headers.get("Accept").value_or("")});
}

}  // namespace skrei::api
