// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace skrei {

/// The candidate that a person most likely meant by `word`: at most a third of its letters are
/// wrong, missing, surplus or swapped, case apart. Empty if none is that near.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

/// `; did you mean "docker"?` for the end of an error message, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// ASCII letters in lower case, all other bytes as they are.
std::string ascii_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace skrei
