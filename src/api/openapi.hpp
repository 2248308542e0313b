// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "json/json_fwd.hpp"

namespace skrei::api {

/// One query parameter or request header, described once for every operation that takes it.
struct ParameterText {
  std::string_view name;
  /// A word of openapi.cpp's parameter_schema(): "text", "whole", "bool", "list", or "a|b|c".
  std::string_view type;
  std::string_view about;
};

/// One method of one route. Lists are words with spaces between them.
struct OperationText {
  std::string_view pattern;  ///< As registered: "/api/v1/orchestrator/jobs/:id".
  std::string_view method;
  /// The names that v1.9.3's own description has where it has the operation, for generated clients.
  std::string_view id;
  std::string_view summary;
  std::string_view parameters = "";
  std::string_view headers = "";
  /// Component schemas, and media types of raw bytes; empty: no body.
  std::string_view body = "";
  /// As `body`; empty: an answer without content.
  std::string_view answer = "";
  int status = 200;
  /// Statuses of errors beside those that any request can get.
  std::string_view errors = "";
};

/// Every operation of the API, in the order of the document. A test compares it with the routes.
std::span<const OperationText> operations();
/// Null for a name that has no text.
const ParameterText* find_parameter(std::string_view name);

/// The document of GET /api/v1/openapi.json (OpenAPI 3.1). `version` is the program's.
json::Value openapi_document(std::string_view version);

}  // namespace skrei::api
