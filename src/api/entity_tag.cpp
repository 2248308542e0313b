// SPDX-License-Identifier: Apache-2.0
#include "api/entity_tag.hpp"

#include <algorithm>

namespace skrei::api {
namespace {

constexpr std::string_view kBlank = " \t";

void skip_blank(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
}

std::string header_of(const http::Request& request, std::string_view name) {
  return std::string(request.headers.get(name).value_or(""));
}

}  // namespace

std::string entity_tag(const model::Job& job) {
  return fmt::format("\"{}-{}\"", job.version, job.revision);
}

Result<bool> names_tag(std::string_view header, std::string_view value, std::string_view tag) {
  const auto malformed = [&] {
    return fail(Code::InvalidArgument,
                "header {}: {}: write * or tags as ETag gives them, quotes included, such as "
                "\"1-2\"",
                header, value);
  };
  std::string_view rest = value;
  skip_blank(rest);
  if (rest.starts_with('*')) {
    rest.remove_prefix(1);
    skip_blank(rest);
    if (!rest.empty()) return malformed();
    return true;
  }
  bool found = false;
  while (true) {
    const bool is_weak = rest.starts_with("W/");
    if (is_weak) rest.remove_prefix(2);
    const std::size_t end = rest.starts_with('"') ? rest.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return malformed();
    // A change is made only to what is exactly as the client saw it (RFC 9110, 13.1.1).
    const bool counts = !is_weak || header == "If-None-Match";
    found = found || (counts && rest.substr(0, end + 1) == tag);
    rest.remove_prefix(end + 1);
    skip_blank(rest);
    if (rest.empty()) return found;
    if (!rest.starts_with(',')) return malformed();
    rest.remove_prefix(1);
    skip_blank(rest);
  }
}

JobCondition::JobCondition(const http::Request& request)
    : if_match_(header_of(request, "If-Match")),
      if_none_match_(header_of(request, "If-None-Match")) {}

orchestrator::Condition JobCondition::check() {
  if (if_match_.empty() && if_none_match_.empty()) return nullptr;
  return [this](const model::Job* current) {
    return decide(current);
  };
}

Result<void> JobCondition::decide(const model::Job* current) {
  const std::string tag = current != nullptr ? entity_tag(*current) : std::string();
  if (!if_match_.empty()) {
    TRY_ASSIGN(const bool named, names_tag("If-Match", if_match_, tag));
    if (current == nullptr) {
      failed_ = true;
      return fail(Code::FailedPrecondition, "If-Match: {}: there is no such job", if_match_);
    }
    if (!named) {
      failed_ = true;
      return fail(Error{Code::FailedPrecondition,
                        fmt::format("job {} is at {} now, not at {}", current->id, tag, if_match_),
                        "read it again and decide anew"});
    }
  }
  if (!if_none_match_.empty() && current != nullptr) {
    TRY_ASSIGN(const bool named, names_tag("If-None-Match", if_none_match_, tag));
    if (named) {
      failed_ = true;
      return fail(Code::FailedPrecondition, "job {} (\"{}\") is there already, at {}", current->id,
                  current->name, tag);
    }
  }
  return {};
}

}  // namespace skrei::api
