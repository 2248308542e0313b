// SPDX-License-Identifier: Apache-2.0
#include "json/json.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace skrei::json {
namespace {

// Builds the value from the parser's events, so that depth and number of values are bounded while
// they appear and not after they have been paid for.
class BoundedBuilder final : public nlohmann::json_sax<Value> {
 public:
  explicit BoundedBuilder(const ParseLimits& limits) : limits_(limits) {}

  bool null() override { return add(Value(nullptr)); }
  bool boolean(bool value) override { return add(Value(value)); }
  bool number_integer(number_integer_t value) override { return add(Value(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(Value(value)); }
  bool number_float(number_float_t value, const string_t&) override { return add(Value(value)); }
  bool string(string_t& value) override { return add(Value(std::move(value))); }
  bool binary(binary_t&) override { return refuse(Code::InvalidArgument, "binary is not JSON"); }
  bool start_object(std::size_t) override { return open(Value::object()); }
  bool start_array(std::size_t) override { return open(Value::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (open_.back()->contains(name)) {
      return refuse(Code::InvalidArgument,
                    fmt::format("key \"{}\" stands twice in one object", name));
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    const std::string_view what = e.what();
    const std::size_t end_of_tag = what.find("] ");
    return refuse(
        Code::InvalidArgument,
        fmt::format("not JSON: {}",
                    end_of_tag == std::string_view::npos ? what : what.substr(end_of_tag + 2)));
  }

  Result<Value> finish() {
    if (error_) return fail(*std::move(error_));
    return std::move(root_);
  }

 private:
  bool add(Value value) { return place(std::move(value)) != nullptr; }

  bool open(Value container) {
    if (open_.size() >= limits_.depth_max) {
      return refuse(Code::ResourceExhausted,
                    fmt::format("JSON nested deeper than {} levels", limits_.depth_max));
    }
    Value* placed = place(std::move(container));
    if (placed == nullptr) return false;
    open_.push_back(placed);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Value* place(Value value) {
    if (++values_ > limits_.values_max) {
      refuse(Code::ResourceExhausted,
             fmt::format("JSON of more than {} values", limits_.values_max));
      return nullptr;
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    // Addresses of open containers stay: only the innermost one grows.
    Value& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    return &(parent[std::exchange(key_, {})] = std::move(value));
  }

  bool refuse(Code code, std::string message) {
    error_ = Error{code, std::move(message)};
    return false;
  }

  const ParseLimits limits_;
  Value root_;
  std::vector<Value*> open_;
  std::string key_;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<Value> parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(Code::ResourceExhausted, "JSON of {} bytes; at most {} are taken", text.size(),
                limits.bytes_max);
  }
  BoundedBuilder builder(limits);
  Value::sax_parse(text.begin(), text.end(), &builder);
  return builder.finish();
}

std::string dump(const Value& value, Layout layout) {
  return value.dump(layout == Layout::Indented ? 2 : -1, ' ', false,
                    Value::error_handler_t::replace);
}

}  // namespace skrei::json
