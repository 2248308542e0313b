// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/nearest_word.hpp"
#include "json/reflect.hpp"
#include "model/job.hpp"

// The one way from a SpecConfig to typed parameters and back. For the sources of this room.

namespace skrei::model {

/// Refuses another kind and unknown keys; `what` and the kind stand before each message:
/// `engine "wasm": unknown "Entrypiont"; did you mean "Entrypoint"?`
template <class T>
Result<T> decode_params(std::string_view what, std::string_view kind, const SpecConfig& spec) {
  if (!is_kind(spec, kind)) {
    return fail(Code::InvalidArgument, "{} \"{}\" is not \"{}\"", what, spec.type, kind);
  }
  const std::string context = fmt::format("{} \"{}\"", what, kind);
  TRY_ASSIGN(const json::Value value,
             with_context(json::parse(spec.params.empty() ? "{}" : spec.params), context));
  return with_context(json::decode<T>(value, json::Reader(json::UnknownKeys::Refuse)), context);
}

template <class T>
SpecConfig encode_params(std::string_view kind, const T& params) {
  return {.type = std::string(kind), .params = json::dump(json::encode(params))};
}

}  // namespace skrei::model
