// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "base/nearest_word.hpp"
#include "base/result.hpp"

// One table per enumeration: its words on the wire, both ways.

namespace skrei::model {

template <class E, std::size_t N>
using WordTable = std::array<std::pair<E, std::string_view>, N>;

template <class E, std::size_t N>
std::string_view print_word(const WordTable<E, N>& table, E value) {
  for (const auto& [candidate, word] : table) {
    if (candidate == value) return word;
  }
  SKREI_ASSERT(false);  // Every enumerator has a word.
}

/// Any case. `unknown job type "bacth"; did you mean "batch"?`
template <class E, std::size_t N>
Result<E> parse_word(const WordTable<E, N>& table, std::string_view what, std::string_view text) {
  std::array<std::string_view, N> words;
  for (std::size_t i = 0; i < N; ++i) {
    words[i] = table[i].second;
    if (equal_ignoring_case(words[i], text)) return table[i].first;
  }
  return fail(Code::InvalidArgument, "unknown {} \"{}\"{}", what, text, did_you_mean(text, words));
}

}  // namespace skrei::model
