// SPDX-License-Identifier: Apache-2.0
#include "storage/input_source.hpp"

#include <fmt/ranges.h>

namespace skrei::storage {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

void InputSources::add(std::string kind, InputSource& driver) {
  drivers_[lower_case(kind)] = &driver;
}

Result<InputSource*> InputSources::find(std::string_view kind) const {
  const auto found = drivers_.find(lower_case(kind));
  if (found != drivers_.end()) return found->second;
  return fail(Code::InvalidArgument, "input source \"{}\" is not supported here; use one of: {}",
              to_valid_utf8(kind), fmt::join(kinds(), ", "));
}

std::vector<std::string> InputSources::kinds() const {
  std::vector<std::string> kinds;
  for (const auto& [kind, driver] : drivers_)
    kinds.push_back(kind);
  return kinds;
}

async::Task<Result<void>> InputSources::release(ExecutionId execution) {
  Result<void> first;
  std::vector<InputSource*> drivers;
  for (const auto& [kind, driver] : drivers_)
    drivers.push_back(driver);
  for (InputSource* driver : drivers) {
    Result<void> released = co_await driver->release(execution);
    if (!released && first) first = std::move(released);
  }
  co_return first;
}

}  // namespace skrei::storage
