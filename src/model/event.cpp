// SPDX-License-Identifier: Apache-2.0
#include "model/event.hpp"

#include "model/words.hpp"

namespace skrei::model {
namespace {

constexpr WordTable<HistoryType, 2> kHistoryTypes{
    {{HistoryType::JobLevel, "JobLevel"}, {HistoryType::ExecutionLevel, "ExecutionLevel"}}};

}  // namespace

std::string_view to_string(HistoryType type) {
  return print_word(kHistoryTypes, type);
}
Result<HistoryType> parse_history_type(std::string_view text) {
  return parse_word(kHistoryTypes, "history type", text);
}

}  // namespace skrei::model
