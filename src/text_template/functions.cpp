// SPDX-License-Identifier: Apache-2.0
#include "text_template/functions.hpp"

#include <algorithm>
#include <array>

#include "base/nearest_word.hpp"

namespace skrei::text_template {
namespace {

using Arguments = std::span<const Value>;

std::unexpected<Error> wrong(std::string message) {
  return skrei::fail(Error{Code::InvalidArgument, std::move(message)});
}

Result<bool> are_equal(const Value& a, const Value& b) {
  for (const Value* value : {&a, &b}) {
    if (std::holds_alternative<const Values*>(*value)) {
      return wrong(fmt::format("{} cannot be compared", kind_of(*value)));
    }
  }
  if (a.index() != b.index()) {
    return wrong(fmt::format("{} cannot be compared with {}", kind_of(a), kind_of(b)));
  }
  return a == b;
}

Result<bool> is_less(const Value& a, const Value& b) {
  TRY(are_equal(a, b));
  if (std::holds_alternative<bool>(a)) return wrong("a truth value is neither less nor greater");
  return a < b;
}

Result<Value> equal(Arguments arguments) {
  bool found = false;
  for (const Value& other : arguments.subspan(1)) {
    TRY_ASSIGN(const bool same, are_equal(arguments[0], other));
    if (same) {
      found = true;
      break;
    }
  }
  return Value(found);
}

Result<Value> not_equal(Arguments arguments) {
  TRY_ASSIGN(const bool same, are_equal(arguments[0], arguments[1]));
  return Value(!same);
}

Result<Value> less(Arguments arguments) {
  TRY_ASSIGN(const bool is, is_less(arguments[0], arguments[1]));
  return Value(is);
}

Result<Value> less_or_equal(Arguments arguments) {
  TRY_ASSIGN(const bool is, is_less(arguments[0], arguments[1]));
  TRY_ASSIGN(const bool same, are_equal(arguments[0], arguments[1]));
  return Value(is || same);
}

/// As in Go: greater is "not less or equal", so that NaN is greater than everything.
Result<Value> greater(Arguments arguments) {
  TRY_ASSIGN(const Value at_most, less_or_equal(arguments));
  return Value(!std::get<bool>(at_most));
}

Result<Value> greater_or_equal(Arguments arguments) {
  TRY_ASSIGN(const bool is, is_less(arguments[0], arguments[1]));
  return Value(!is);
}

Result<Value> negated(Arguments arguments) {
  return Value(!is_true(arguments[0]));
}

Result<Value> length(Arguments arguments) {
  if (const auto* text = std::get_if<std::string>(&arguments[0])) {
    return Value(static_cast<std::int64_t>(text->size()));
  }
  if (const auto* values = std::get_if<const Values*>(&arguments[0])) {
    return Value(static_cast<std::int64_t>((*values)->size()));
  }
  return wrong(fmt::format("{} has no length", kind_of(arguments[0])));
}

Result<std::size_t> place_in(const std::string& text, const Value& value, std::size_t places) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr) {
    return wrong(fmt::format("{} is no place in a text; a whole number is", kind_of(value)));
  }
  if (*number < 0 || static_cast<std::size_t>(*number) >= places) {
    return wrong(fmt::format("{} is outside of a text of {} bytes", *number, text.size()));
  }
  return static_cast<std::size_t>(*number);
}

Result<Value> index(Arguments arguments) {
  Value value = arguments[0];
  for (const Value& key : arguments.subspan(1)) {
    if (const auto* values = std::get_if<const Values*>(&value)) {
      const auto* name = std::get_if<std::string>(&key);
      if (name == nullptr) {
        return wrong(fmt::format("{} is no name of a value; a text is", kind_of(key)));
      }
      const auto found = (*values)->find(*name);
      value = found == (*values)->end() ? std::string() : found->second;
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      TRY_ASSIGN(const std::size_t at, place_in(*text, key, text->size()));
      value = std::int64_t{static_cast<unsigned char>((*text)[at])};
    } else {
      return wrong(fmt::format("there is nothing in {}", kind_of(value)));
    }
  }
  return value;
}

Result<Value> slice(Arguments arguments) {
  const auto* text = std::get_if<std::string>(&arguments[0]);
  if (text == nullptr) return wrong(fmt::format("{} has no parts", kind_of(arguments[0])));
  std::size_t begin = 0;
  std::size_t end = text->size();
  if (arguments.size() > 1) {
    TRY_ASSIGN(begin, place_in(*text, arguments[1], text->size() + 1));
  }
  if (arguments.size() > 2) {
    TRY_ASSIGN(end, place_in(*text, arguments[2], text->size() + 1));
  }
  if (begin > end) return wrong(fmt::format("a part cannot begin at {} and end at {}", begin, end));
  return Value(text->substr(begin, end - begin));
}

/// As Go's Sprint: a space between two neighbours of which neither is a text.
Result<Value> print(Arguments arguments) {
  std::string text;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_text = std::holds_alternative<std::string>(arguments[i]);
    if (i > 0 && !is_text && !std::holds_alternative<std::string>(arguments[i - 1])) text += ' ';
    text += to_text(arguments[i]);
  }
  return Value(std::move(text));
}

Result<Value> print_line(Arguments arguments) {
  std::string text;
  for (const Value& value : arguments) {
    if (&value != &arguments.front()) text += ' ';
    text += to_text(value);
  }
  return Value(text + "\n");
}

Result<Value> print_format(Arguments arguments) {
  const auto* format = std::get_if<std::string>(&arguments[0]);
  if (format == nullptr) {
    return wrong(fmt::format("its first argument is {}, not a text", kind_of(arguments[0])));
  }
  TRY_ASSIGN(std::string text, format_text(*format, arguments.subspan(1)));
  return Value(std::move(text));
}

struct Function {
  std::string_view name;
  std::size_t arguments_min;
  std::size_t arguments_max;
  Result<Value> (*call)(Arguments);
};

constexpr std::size_t kAny = 1'000;

constexpr std::array<Function, 15> kFunctions{{
    {"and", 1, kAny, nullptr},
    {"or", 1, kAny, nullptr},
    {"not", 1, 1, negated},
    {"eq", 2, kAny, equal},
    {"ne", 2, 2, not_equal},
    {"lt", 2, 2, less},
    {"le", 2, 2, less_or_equal},
    {"gt", 2, 2, greater},
    {"ge", 2, 2, greater_or_equal},
    {"index", 1, kAny, index},
    {"len", 1, 1, length},
    {"slice", 1, 3, slice},
    {"print", 0, kAny, print},
    {"println", 0, kAny, print_line},
    {"printf", 1, kAny, print_format},
}};

const Function* find(std::string_view name) {
  const auto* found = std::ranges::find(kFunctions, name, &Function::name);
  return found == kFunctions.end() ? nullptr : found;
}

}  // namespace

bool is_function(std::string_view name) {
  return find(name) != nullptr;
}

std::string unknown_function(std::string_view name) {
  for (const std::string_view other : {"html", "js", "urlquery", "call"}) {
    if (name == other) return fmt::format("{} is not there: a job file is no web page", name);
  }
  std::array<std::string_view, kFunctions.size()> names;
  std::ranges::transform(kFunctions, names.begin(), &Function::name);
  return fmt::format(
      "there is no function {:?}{}{}", name, did_you_mean(name, names),
      did_you_mean(name, names).empty() ? fmt::format("; a value is written .{}", name) : "");
}

Result<Value> call_function(std::string_view name, Arguments arguments) {
  const Function* function = find(name);
  if (arguments.size() < function->arguments_min || arguments.size() > function->arguments_max) {
    const std::string wanted =
        function->arguments_min == function->arguments_max ? std::to_string(function->arguments_min)
        : function->arguments_max == kAny
            ? fmt::format("at least {}", function->arguments_min)
            : fmt::format("{} to {}", function->arguments_min, function->arguments_max);
    return wrong(fmt::format("{} takes {} argument{}, not {}", name, wanted,
                             wanted.ends_with('1') ? "" : "s", arguments.size()));
  }
  return with_context(function->call(arguments), name);
}

}  // namespace skrei::text_template
