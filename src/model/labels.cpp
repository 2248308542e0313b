// SPDX-License-Identifier: Apache-2.0
#include "model/labels.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>

#include "model/words.hpp"

namespace skrei::model {
namespace {

using enum LabelOperator;
constexpr WordTable<LabelOperator, 9> kOperators{{{In, "in"},
                                                  {NotIn, "notin"},
                                                  {Equals, "="},
                                                  {DoubleEquals, "=="},
                                                  {NotEquals, "!="},
                                                  {Exists, "exists"},
                                                  {DoesNotExist, "!"},
                                                  {GreaterThan, "gt"},
                                                  {LessThan, "lt"}}};

constexpr std::size_t kSelectorBytesMax = 16 * 1024;

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return number;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Letters, digits, '-', '_' and '.', beginning and ending with a letter or digit.
bool is_label_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_label_name(text);
  const std::string_view prefix = text.substr(0, slash);
  return !prefix.empty() && prefix.size() <= 253 && is_label_name(text.substr(slash + 1)) &&
         std::ranges::all_of(prefix,
                             [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  Result<std::vector<Constraint>> run() {
    std::vector<Constraint> result;
    skip_space();
    if (at_end()) return result;
    while (true) {
      TRY_ASSIGN(Constraint constraint, requirement());
      TRY(validate(constraint));
      result.push_back(std::move(constraint));
      skip_space();
      if (at_end()) return result;
      if (!take(",")) return error("expected \",\" or the end");
      skip_space();
    }
  }

 private:
  Result<Constraint> requirement() {
    if (take("!")) {
      skip_space();
      TRY_ASSIGN(std::string key, word("a label"));
      return Constraint{std::move(key), DoesNotExist, {}};
    }
    Constraint result;
    TRY_ASSIGN(result.key, word("a label"));
    skip_space();
    if (at_end() || peek() == ',') return result;
    TRY_ASSIGN(result.op, operation());
    skip_space();
    if (result.op == In || result.op == NotIn) {
      TRY_ASSIGN(result.values, list());
    } else if (result.op != Exists) {
      // An empty value is allowed behind the equalities: `zone=`.
      result.values = {std::string(take_word())};
    }
    return result;
  }

  Result<LabelOperator> operation() {
    for (const auto& [sign, op] : {std::pair{"==", DoubleEquals},
                                   {"!=", NotEquals},
                                   {"=", Equals},
                                   {">", GreaterThan},
                                   {"<", LessThan}}) {
      if (take(sign)) return op;
    }
    const std::size_t start = at_;
    const std::string_view name = take_word();
    for (const LabelOperator op : {In, NotIn, Exists, GreaterThan, LessThan}) {
      if (to_string(op) == name) return op;
    }
    at_ = start;
    return error("expected one of = == != > < in notin exists gt lt");
  }

  Result<std::vector<std::string>> list() {
    if (!take("(")) return error("expected \"(\" before the list of values");
    std::vector<std::string> values;
    while (true) {
      skip_space();
      values.emplace_back(take_word());
      skip_space();
      if (take(")")) return values;
      if (!take(",")) return error("expected \",\" or \")\" in the list of values");
    }
  }

  Result<std::string> word(std::string_view what) {
    const std::string_view taken = take_word();
    if (taken.empty()) return error(fmt::format("expected {}", what));
    return std::string(taken);
  }

  std::string_view take_word() {
    const std::size_t start = at_;
    while (!at_end() && (is_alphanumeric(peek()) || std::string_view("-_./").contains(peek()))) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  std::unexpected<Error> error(std::string_view what) const {
    return fail(Code::InvalidArgument, "selector \"{}\", column {}: {}", text_, at_ + 1, what);
  }

  bool take(std::string_view sign) {
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  void skip_space() {
    while (!at_end() && (peek() == ' ' || peek() == '\t'))
      ++at_;
  }
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return text_[at_]; }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view to_string(LabelOperator op) {
  return print_word(kOperators, op);
}
Result<LabelOperator> parse_label_operator(std::string_view text) {
  return parse_word(kOperators, "operator", text);
}

Result<void> validate(const Constraint& constraint) {
  const auto bad = [&](std::string_view why) {
    return fail(Code::InvalidArgument, "constraint on \"{}\": {}", constraint.key, why);
  };
  if (!is_label_key(constraint.key)) {
    return bad(
        "a label key has letters, digits, '-', '_' and '.', at most 63, and may have a "
        "domain before '/'");
  }
  const std::size_t count = constraint.values.size();
  switch (constraint.op) {
    case In:
    case NotIn:
      if (count == 0) return bad("in and notin need at least one value");
      break;
    case Exists:
    case DoesNotExist:
      if (count != 0) return bad("exists and ! take no value");
      break;
    case GreaterThan:
    case LessThan:
      if (count != 1 || !to_integer(constraint.values.front())) {
        return bad("gt and lt need one whole number");
      }
      break;
    case Equals:
    case DoubleEquals:
    case NotEquals:
      if (count != 1) return bad("=, == and != need exactly one value");
      break;
  }
  for (const std::string& value : constraint.values) {
    const bool number = constraint.op == GreaterThan || constraint.op == LessThan;
    if (!number && !value.empty() && !is_label_name(value)) {
      return bad(
          fmt::format("value \"{}\" is not a label value (letters, digits, '-', '_' and "
                      "'.', at most 63)",
                      value));
    }
  }
  return {};
}

bool matches(const Constraint& constraint, const StringMap& labels) {
  const auto label = labels.find(constraint.key);
  const bool present = label != labels.end();
  const auto is_listed = [&] {
    return present &&
           std::ranges::find(constraint.values, label->second) != constraint.values.end();
  };
  switch (constraint.op) {
    case In:
    case Equals:
    case DoubleEquals:
      return is_listed();
    case NotIn:
    case NotEquals:
      return !is_listed();
    case Exists:
      return present;
    case DoesNotExist:
      return !present;
    case GreaterThan:
    case LessThan: {
      if (!present || constraint.values.size() != 1) return false;
      const auto have = to_integer(label->second);
      const auto want = to_integer(constraint.values.front());
      if (!have || !want) return false;
      return constraint.op == GreaterThan ? *have > *want : *have < *want;
    }
  }
  return false;
}

bool matches(const std::vector<Constraint>& constraints, const StringMap& labels) {
  return std::ranges::all_of(constraints,
                             [&](const Constraint& each) { return matches(each, labels); });
}

Result<std::vector<Constraint>> parse_selector(std::string_view text) {
  if (text.size() > kSelectorBytesMax) {
    return fail(Code::InvalidArgument, "selector of {} bytes; at most {} are taken", text.size(),
                kSelectorBytesMax);
  }
  return SelectorParser(text).run();
}

std::string to_string(const Constraint& constraint) {
  std::string joined;
  for (const std::string& value : constraint.values) {
    joined += joined.empty() && &value == &constraint.values.front() ? value : "," + value;
  }
  switch (constraint.op) {
    case Exists:
      return constraint.key;
    case DoesNotExist:
      return "!" + constraint.key;
    case Equals:
    case DoubleEquals:
    case NotEquals:
      return constraint.key + std::string(to_string(constraint.op)) + joined;
    case GreaterThan:
      return constraint.key + ">" + joined;
    case LessThan:
      return constraint.key + "<" + joined;
    case In:
    case NotIn:
      break;
  }
  return fmt::format("{} {} ({})", constraint.key, to_string(constraint.op), joined);
}

}  // namespace skrei::model
