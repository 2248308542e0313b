// SPDX-License-Identifier: Apache-2.0
#include "cli/io.hpp"

#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bytes.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

constexpr std::string_view kRed = "31";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kClearLine = "\r\x1b[K";

bool is_dumb_terminal() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) == "dumb";
}

bool colour_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");
  return (no_colour == nullptr || *no_colour == '\0') && !is_dumb_terminal();
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Io Io::standard() {
  Io io(stdout, stderr);
  io.out_terminal_ = ::isatty(STDOUT_FILENO) == 1;
  io.err_terminal_ = ::isatty(STDERR_FILENO) == 1;
  io.in_terminal_ = ::isatty(STDIN_FILENO) == 1;
  io.status_line_ = io.err_terminal_ && !is_dumb_terminal();
  io.colour_ = io.err_terminal_ && colour_wanted();
  return io;
}

bool Io::write(std::string_view bytes) {
  if (bytes.empty()) return true;
  if (status_shown_ && out_terminal_) status("");
  if (out_terminal_) at_line_start_ = bytes.back() == '\n';
  return std::fwrite(bytes.data(), 1, bytes.size(), out_) == bytes.size();
}

bool Io::line(std::string_view text) {
  return write(text) && write("\n");
}

void Io::write_err(std::string_view bytes) {
  if (bytes.empty()) return;
  if (status_shown_) status("");
  if (err_terminal_) at_line_start_ = bytes.back() == '\n';
  std::fwrite(bytes.data(), 1, bytes.size(), err_);
}

void Io::say(std::string_view text) {
  write_err(text);
  write_err("\n");
}

void Io::complain(const Error& error) {
  flush();
  if (json_errors_) {
    json::Value body = {{"code", std::string(to_string(error.code))}, {"message", error.message}};
    if (!error.hint.empty()) body["hint"] = error.hint;
    say(json::dump({{"error", std::move(body)}}));
    return;
  }
  say(paint("Error: ", kRed) + to_valid_utf8(error.message));
  if (!error.hint.empty()) say(paint("Hint:  ", kGreen) + to_valid_utf8(error.hint));
}

void Io::status(std::string_view text) {
  if (!status_line_) return;
  // Never into a line that a program has begun.
  if (!text.empty() && !at_line_start_) return;
  if (text.empty()) {
    if (status_shown_) std::fwrite(kClearLine.data(), 1, kClearLine.size(), err_);
    status_shown_ = false;
  } else {
    // One line only: a wrapped one could not be cleared.
    std::string cut(text.substr(0, utf8_prefix_length(text.substr(0, terminal_width() - 1))));
    std::fwrite(kClearLine.data(), 1, kClearLine.size(), err_);
    std::fwrite(cut.data(), 1, cut.size(), err_);
    status_shown_ = true;
  }
  std::fflush(err_);
}

bool Io::flush() {
  std::fflush(err_);
  return std::fflush(out_) == 0;
}

std::string Io::paint(std::string_view text, std::string_view code) const {
  if (!colour_) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace skrei::cli
