// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace skrei::cli {

/// Where a command writes: stdout is data, stderr is talk. Animation and colour only where a person
/// looks at them.
class Io {
 public:
  /// Colour is off if NO_COLOR is set and not empty or TERM is "dumb".
  static Io standard();

  /// Streams that are files of the caller; for tests.
  Io(std::FILE* out, std::FILE* err) : out_(out), err_(err) {}

  void disable_colour() { colour_ = false; }
  bool colour() const { return colour_; }

  /// Whether a person looks at stdout; at stderr.
  bool out_is_terminal() const { return out_terminal_; }
  bool err_is_terminal() const { return err_terminal_; }
  /// Whether status() shows anything: a terminal that can clear a line.
  bool has_status_line() const { return status_line_; }
  /// Whether questions can be asked.
  bool in_is_terminal() const { return in_terminal_; }

  /// From here on complain() gives one JSON object a line.
  void set_json_errors() { json_errors_ = true; }

  /// Exactly these bytes to stdout. False once the reader has gone (a closed pipe).
  bool write(std::string_view bytes);
  /// A line to stdout.
  bool line(std::string_view text);
  /// Exactly these bytes to stderr.
  void write_err(std::string_view bytes);
  /// A line of talk to stderr; a status line under way is cleared first.
  void say(std::string_view text);
  /// "Error: <sentence>" and, if there is one, what to do next; or, as JSON,
  /// {"error": {"code": …, "message": …, "hint": …}}.
  void complain(const Error& error);

  /// Replaces the one status line ("" clears it), if has_status_line().
  void status(std::string_view text);

  /// Pushes out what was written. False once the reader of stdout has gone.
  bool flush();

 private:
  std::string paint(std::string_view text, std::string_view code) const;

  std::FILE* out_;
  std::FILE* err_;
  bool out_terminal_ = false;
  bool err_terminal_ = false;
  bool in_terminal_ = false;
  bool status_line_ = false;
  bool colour_ = false;
  bool json_errors_ = false;
  bool status_shown_ = false;
  bool at_line_start_ = true;  // Of the terminal, where stdout and stderr meet.
};

}  // namespace skrei::cli
