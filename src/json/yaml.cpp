// SPDX-License-Identifier: Apache-2.0
#include "json/yaml.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <exception>
#include <map>
#include <optional>
#include <spanstream>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "base/bytes.hpp"

namespace skrei::json {
namespace {

using YAML::anchor_t;
using YAML::Mark;

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

// Leaves the parser's callbacks; never this file.
struct Refused : std::exception {
  explicit Refused(Error why) : error(std::move(why)) {}
  Error error;
};

[[noreturn]] void refuse(const Mark& mark, std::string_view message) {
  throw Refused({Code::InvalidArgument, fmt::format("YAML line {}, column {}: {}", mark.line + 1,
                                                    mark.column + 1, message)});
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Value> parse_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text;
  if (text.starts_with('-') || text.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits == text && (text.starts_with("0x") || text.starts_with("0o"))) {
    base = text[1] == 'x' ? 16 : 8;
    digits.remove_prefix(2);
  } else if (!all_digits(digits)) {
    return std::nullopt;
  }
  std::uint64_t magnitude = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, magnitude, base);
  if (digits.empty() || stop != end || error != std::errc()) return std::nullopt;
  if (!negative) return Value(magnitude);
  if (magnitude > std::uint64_t{1} << 63) return std::nullopt;
  return Value(static_cast<std::int64_t>(-magnitude));
}

// [-+]? ( \.[0-9]+ | [0-9]+ (\.[0-9]*)? ) ([eE][-+]?[0-9]+)?
std::optional<Value> parse_float(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  const std::size_t exponent = rest.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view digits = rest.substr(exponent + 1);
    if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
    if (!all_digits(digits)) return std::nullopt;
    rest = rest.substr(0, exponent);
  }
  const std::size_t dot = rest.find('.');
  const std::string_view whole = rest.substr(0, dot);
  const std::string_view fraction =
      dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  if ((!whole.empty() && !all_digits(whole)) || (!fraction.empty() && !all_digits(fraction)) ||
      (whole.empty() && fraction.empty())) {
    return std::nullopt;
  }
  double number = 0;
  const std::size_t plus = text.starts_with('+') ? 1 : 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + plus, end, number);
  if (stop != end || error != std::errc() || !std::isfinite(number)) return std::nullopt;
  return Value(number);
}

Value resolve_plain(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (auto integer = parse_integer(text)) return *std::move(integer);
  if (auto number = parse_float(text)) return *std::move(number);
  return std::string(text);
}

Value resolve(const Mark& mark, std::string_view tag, const std::string& text) {
  if (tag == "!" || tag == fmt::format("{}str", kTagPrefix)) return text;
  Value value = resolve_plain(text);
  if (tag.empty() || tag == "?") return value;
  if (tag.starts_with(kTagPrefix)) {
    const std::string_view kind = tag.substr(kTagPrefix.size());
    if ((kind == "int" && value.is_number_integer()) || (kind == "float" && value.is_number()) ||
        (kind == "bool" && value.is_boolean()) || (kind == "null" && value.is_null())) {
      return value;
    }
  }
  refuse(mark, fmt::format("tag \"{}\" does not fit \"{}\"", tag, text));
}

std::size_t count_values(const Value& value) {
  std::size_t count = 1;
  if (value.is_structured()) {
    for (const Value& item : value)
      count += count_values(item);
  }
  return count;
}

std::size_t depth_of(const Value& value) {
  std::size_t deepest = 0;
  if (!value.is_structured()) return 0;
  for (const Value& item : value)
    deepest = std::max(deepest, depth_of(item));
  return deepest + 1;
}

// Builds the value from the events of yaml-cpp, so that bounds hold while it grows.
/// yaml-cpp 0.7 unescapes "\\N" (U+0085) and "\\_" (U+00A0) to one byte each, which is not UTF-8.
/// The text that it read was, so a continuation byte on its own is one of these.
std::string with_whole_escapes(const std::string& text) {
  std::string whole;
  whole.reserve(text.size());
  int continuations = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0xc0) {
      continuations = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    } else if (byte >= 0x80 && continuations == 0) {
      whole += '\xc2';
    } else if (byte >= 0x80) {
      --continuations;
    }
    whole += c;
  }
  return whole;
}

class BoundedBuilder final : public YAML::EventHandler {
 public:
  explicit BoundedBuilder(const ParseLimits& limits) : limits_(limits) {}

  void OnDocumentStart(const Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "one document is expected, here begins another");
  }
  void OnDocumentEnd() override {}

  void OnNull(const Mark& mark, anchor_t anchor) override { scalar(mark, anchor, nullptr, "null"); }

  void OnScalar(const Mark& mark, const std::string& tag, anchor_t anchor,
                const std::string& raw) override {
    const std::string text = with_whole_escapes(raw);
    scalar(mark, anchor, resolve(mark, tag, text), text);
  }

  void OnAlias(const Mark& mark, anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "alias of a node that is not complete");
    count(found->second.values);
    if (open_.size() + found->second.depth > limits_.depth_max) too_deep();
    place(mark, found->second.value);
  }

  void OnSequenceStart(const Mark& mark, const std::string&, anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Value::array());
  }
  void OnMapStart(const Mark& mark, const std::string&, anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Value::object());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  Value take() { return std::move(root_); }

 private:
  struct Open {
    Mark mark;
    anchor_t anchor;
    Value value;
    std::optional<std::string> key;
    // Maps of merge keys, in order; explicit keys win over them, earlier ones over later ones.
    std::vector<Value> merged;
  };
  struct Anchored {
    Value value;
    std::size_t values;
    std::size_t depth;
  };

  [[noreturn]] void too_deep() const {
    throw Refused({Code::ResourceExhausted,
                   fmt::format("YAML nested deeper than {} levels", limits_.depth_max)});
  }

  void count(std::size_t values) {
    values_ += values;
    if (values_ > limits_.values_max) {
      throw Refused({Code::ResourceExhausted,
                     fmt::format("YAML of more than {} values, aliases counted each time",
                                 limits_.values_max)});
    }
  }

  void remember(anchor_t anchor, const Value& value) {
    if (anchor == 0) return;
    // The copy costs as much as its use.
    const std::size_t values = count_values(value);
    count(values);
    anchors_.insert_or_assign(anchor, Anchored{value, values, depth_of(value)});
  }

  void scalar(const Mark& mark, anchor_t anchor, Value value, const std::string& text) {
    count(1);
    remember(anchor, value);
    if (!open_.empty() && open_.back().value.is_object() && !open_.back().key) {
      set_key(mark, text);
      return;
    }
    place(mark, std::move(value));
  }

  void set_key(const Mark& mark, const std::string& text) {
    if (text != "<<" && open_.back().value.contains(text)) {
      refuse(mark, fmt::format("key \"{}\" stands twice in one map", text));
    }
    open_.back().key = text;
  }

  void open(const Mark& mark, anchor_t anchor, Value container) {
    count(1);
    if (open_.size() >= limits_.depth_max) too_deep();
    if (!open_.empty() && open_.back().value.is_object() && !open_.back().key) {
      refuse(mark, "a list or map cannot be a key");
    }
    open_.push_back({mark, anchor, std::move(container), std::nullopt, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    for (const Value& base : done.merged) {
      for (auto item = base.begin(); item != base.end(); ++item) {
        if (!done.value.contains(item.key())) done.value[item.key()] = item.value();
      }
    }
    remember(done.anchor, done.value);
    place(done.mark, std::move(done.value));
  }

  void place(const Mark& mark, Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.is_array()) {
      parent.value.push_back(std::move(value));
    } else if (!parent.key) {
      if (!value.is_string()) refuse(mark, "a list or map cannot be a key");
      set_key(mark, value.get_ref<const std::string&>());
    } else if (*parent.key == "<<") {
      merge(mark, parent, std::move(value));
      parent.key.reset();
    } else {
      parent.value[*std::exchange(parent.key, std::nullopt)] = std::move(value);
    }
  }

  static void merge(const Mark& mark, Open& parent, Value value) {
    if (value.is_object()) {
      parent.merged.push_back(std::move(value));
      return;
    }
    if (!value.is_array()) refuse(mark, "a merge key (<<) needs a map or a list of maps");
    for (Value& item : value) {
      if (!item.is_object()) refuse(mark, "a merge key (<<) needs a map or a list of maps");
      parent.merged.push_back(std::move(item));
    }
  }

  const ParseLimits limits_;
  Value root_;
  std::vector<Open> open_;
  std::map<anchor_t, Anchored> anchors_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

void emit(YAML::Emitter& out, const Value& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (auto item = value.begin(); item != value.end(); ++item) {
      out << YAML::Key;
      emit(out, Value(item.key()));
      out << YAML::Value;
      emit(out, item.value());
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const Value& item : value)
      emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    const std::string text = to_valid_utf8(value.get_ref<const std::string&>());
    const bool printable = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
    const bool plain = printable && text != "<<" && resolve_plain(text).is_string();
    if (!plain) out << YAML::DoubleQuoted;
    out << text;
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << dump(value);
  }
}

}  // namespace

Result<Value> parse_yaml(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(Code::ResourceExhausted, "YAML of {} bytes; at most {} are taken", text.size(),
                limits.bytes_max);
  }
  if (to_valid_utf8(text) != text || text.find('\0') != std::string_view::npos) {
    return fail(Code::InvalidArgument, "not YAML: the text is not UTF-8 or holds a NUL byte");
  }
  try {
    std::ispanstream stream(std::span(text.data(), text.size()));
    YAML::Parser parser(stream);
    BoundedBuilder builder(limits);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Refused& refused) {
    return fail(refused.error);
  } catch (const YAML::Exception& error) {
    return fail(Code::InvalidArgument, "YAML line {}, column {}: {}", error.mark.line + 1,
                error.mark.column + 1, error.msg);
  } catch (const std::exception& error) {
    return fail(Code::InvalidArgument, "not YAML: {}", error.what());
  }
}

std::string dump_yaml(const Value& value) {
  YAML::Emitter out;
  emit(out, value);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace skrei::json
