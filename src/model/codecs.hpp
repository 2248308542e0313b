// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "base/assert.hpp"
#include "json/reflect.hpp"
#include "json/write.hpp"
#include "model/resources.hpp"
#include "model/time_text.hpp"

// How the types that several wire forms share are written. For the sources of this room.

namespace skrei::json {

/// Nanoseconds since 1970, as jobs and executions have them.
template <>
struct Codec<WallTime> {
  static Value encode(WallTime time) { return time.time_since_epoch().count(); }
  static void write(std::string& out, WallTime time) {
    json::write(out, std::int64_t{time.time_since_epoch().count()});
  }
  static Value schema() {
    return {{"type", "integer"}, {"format", "int64"}, {"description", "Nanoseconds since 1970"}};
  }
  static Result<void> decode(const Value& value, const Reader& reader, WallTime& out) {
    std::int64_t nanoseconds = 0;
    TRY(Codec<std::int64_t>::decode(value, reader, nanoseconds));
    out = WallTime(Duration(nanoseconds));
    return {};
  }
};

template <>
struct Codec<model::SpecConfig> {
  static Value encode(const model::SpecConfig& spec) {
    Value result{{"Type", spec.type}};
    if (spec.params != "{}") {
      // The text is ours: made by decode below or by a to_spec of this room.
      auto params = parse(spec.params);
      SKREI_ASSERT(params && params->is_object());
      if (!params->empty()) result["Params"] = *std::move(params);
    }
    return result;
  }
  static void write(std::string& out, const model::SpecConfig& spec) {
    out += "{\"Type\":";
    write_string(out, spec.type);
    // The text is ours, as above, and compact.
    if (spec.params != "{}") out += ",\"Params\":" + spec.params;
    out += '}';
  }
  static Value schema() {
    return {{"type", "object"},
            {"properties", {{"Type", {{"type", "string"}}}, {"Params", {{"type", "object"}}}}},
            {"required", Value::array({"Type"})}};
  }
  static Result<void> decode(const Value& value, const Reader& reader, model::SpecConfig& out);
};

}  // namespace skrei::json

namespace skrei::model {

/// RFC 3339 text, as events have it.
struct Rfc3339 {
  static json::Value encode(WallTime time) { return format_time(time); }
  static void write(std::string& out, WallTime time) { json::write_string(out, format_time(time)); }
  static json::Value schema() { return {{"type", "string"}, {"format", "date-time"}}; }
  static Result<void> decode(const json::Value& value, const json::Reader& reader, WallTime& out) {
    std::string text;
    TRY(json::Codec<std::string>::decode(value, reader, text));
    auto time = parse_time(text);
    if (!time) return reader.fail(time.error().message);
    out = *time;
    return {};
  }
};

/// Cores as a number, thousandths of a core inside.
struct Cores {
  static json::Value encode(std::uint64_t millis) {
    if (millis % 1000 == 0) return millis / 1000;
    return static_cast<double>(millis) / 1000.0;
  }
  static json::Value schema() { return {{"type", "number"}, {"minimum", 0}}; }
  static Result<void> decode(const json::Value& value, const json::Reader& reader,
                             std::uint64_t& out) {
    if (!value.is_number()) return reader.fail_expected("a number of cores", value);
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= kWholeMax) {
      out = value.get<std::uint64_t>() * 1000;
      return {};
    }
    const double cores = value.get<double>();
    if (!(cores >= 0 && cores <= kFractionMax)) return reader.fail("is not a number of cores");
    out = static_cast<std::uint64_t>(std::llround(cores * 1000));
    return {};
  }

 private:
  static constexpr std::uint64_t kWholeMax = 18'446'744'073'709'551;
  // Thousandths beyond this are no longer exact in a double.
  static constexpr double kFractionMax = 1e12;
};

constexpr auto json_fields(const Gpu*) {
  return std::tuple{json::field("Index", &Gpu::index), json::field("Name", &Gpu::name),
                    json::field("Vendor", &Gpu::vendor), json::field("Memory", &Gpu::memory_mib),
                    json::field("PCIAddress", &Gpu::pci_address)};
}
static_assert(json::kCoversAllMembers<Gpu>);

/// Amounts that are 0 are left out.
constexpr auto json_fields(const Resources*) {
  using enum json::Emit;
  return std::tuple{json::field<Cores>("CPU", &Resources::cpu_millis, IfSet),
                    json::field("Memory", &Resources::memory_bytes, IfSet),
                    json::field("Disk", &Resources::disk_bytes, IfSet),
                    json::field("GPU", &Resources::gpu, IfSet),
                    json::field("GPUs", &Resources::gpus, IfSet)};
}
static_assert(json::kCoversAllMembers<Resources>);

/// Parses `text` and decodes it: the storage form of anything with a wire form.
template <class T>
Result<T> decode_text(std::string_view what, std::string_view text) {
  auto value = json::parse(text);
  if (!value) return with_context(Result<T>(fail(value.error())), what);
  if (value->is_null()) return fail(Code::InvalidArgument, "{}: null", what);
  return with_context(json::decode<T>(*value), what);
}

}  // namespace skrei::model
