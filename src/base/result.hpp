// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"

namespace skrei {

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(Code::NotFound, "job {}: not found", id);`
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(Code code, fmt::format_string<Args...> format,
                                          Args&&... args) {
  return std::unexpected(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

/// The failure of the system call that has just set `errno`.
[[nodiscard]] std::unexpected<Error> fail_errno(std::string_view what);

/// Adds what only this layer knows, once: "<context>: <message>".
template <class T>
[[nodiscard]] Result<T> with_context(Result<T> result, std::string_view context) {
  if (!result) result.error().message = fmt::format("{}: {}", context, result.error().message);
  return result;
}

}  // namespace skrei

#define SKREI_CONCAT_(a, b) a##b
#define SKREI_CONCAT(a, b) SKREI_CONCAT_(a, b)

/// TRY(expr);  Returns the error of a Result from the enclosing function; drops a value.
#define TRY(...)                                            \
  do {                                                      \
    if (auto skrei_try = (__VA_ARGS__); !skrei_try)         \
      return std::unexpected(std::move(skrei_try).error()); \
  } while (false)
#define CO_TRY(...)                                            \
  do {                                                         \
    if (auto skrei_try = (__VA_ARGS__); !skrei_try)            \
      co_return std::unexpected(std::move(skrei_try).error()); \
  } while (false)

/// TRY_ASSIGN(const auto x, expr);  Declares or assigns from the value, or returns the error.
/// It is several statements: brace the `if` around it.
#define TRY_ASSIGN(target, ...) \
  SKREI_TRY_ASSIGN_(return, SKREI_CONCAT(skrei_try_, __COUNTER__), target, (__VA_ARGS__))
#define CO_TRY_ASSIGN(target, ...) \
  SKREI_TRY_ASSIGN_(co_return, SKREI_CONCAT(skrei_try_, __COUNTER__), target, (__VA_ARGS__))
#define SKREI_TRY_ASSIGN_(return_word, name, target, ...)          \
  auto name = __VA_ARGS__;                                         \
  if (!name) return_word std::unexpected(std::move(name).error()); \
  target = *std::move(name)
