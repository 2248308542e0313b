// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/table.hpp"
#include "model/labels.hpp"

namespace skrei::config {

/// Where values come from; a later one wins.
enum class Layer { Default, UserFile, ProjectFile, GivenFile, Environment, Flag };

/// A configuration file: what is in it, and the name it has in messages.
struct File {
  std::string name;
  std::string text;
};

/// Everything that values come from, already read: loading itself touches nothing.
struct Sources {
  std::optional<File> user_file;
  std::optional<File> project_file;
  /// `-c file.yaml`, in order.
  std::vector<File> given_files;
  /// The whole environment of the process.
  model::StringMap environment;
  /// `-c Key=Value`, and `-c Key` for true.
  std::vector<std::string> assignments;
  /// Dedicated flags that were given: key (not flag) and text.
  std::vector<std::pair<std::string, std::string>> flags;
};

/// A share of what the machine has, or an amount.
struct Share {
  std::optional<double> percent;
  /// Thousandths of a core, bytes or GPUs; used if `percent` is unset.
  std::uint64_t amount = 0;

  std::uint64_t of(std::uint64_t total) const;
  bool operator==(const Share&) const = default;
};

/// A value and where it came from, for `config explain`.
struct Explanation {
  const Setting* setting = nullptr;
  std::string value;
  Layer layer = Layer::Default;
  /// "default", "flag --api-port", "environment variable SKREI_API_PORT", the file's name.
  std::string origin;
};

/// The settings that hold, each checked against its kind and bounds. A value; never changes.
///
/// The readers take a key of the table and its kind; anything else is a bug and ends the process.
class Config {
 public:
  /// InvalidArgument lists all that is wrong in all sources, one line each.
  static Result<Config> load(const Sources& sources);

  /// What was left out on purpose, a sentence each: harmless keys of others, node keys in a
  /// project's file, environment names that look like typos.
  const std::vector<std::string>& warnings() const { return warnings_; }

  Result<Explanation> explain(std::string_view key) const;
  std::vector<Explanation> explain_all() const;

  const std::string& text(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::int64_t whole(std::string_view key) const;
  Duration time(std::string_view key) const;
  std::uint64_t size(std::string_view key) const;
  Share share(std::string_view key) const;
  std::vector<std::string> list(std::string_view key) const;
  model::StringMap map(std::string_view key) const;

 private:
  friend class Loader;
  struct Held {
    std::string text;
    Layer layer = Layer::Default;
    std::string origin;
  };
  const Held& held(std::string_view key, std::initializer_list<Kind> kinds) const;

  std::map<std::string_view, Held> held_;
  std::vector<std::string> warnings_;
};

/// Checks a text against kind and bounds. InvalidArgument "API.Port: …".
Result<void> check_value(const Setting& setting, std::string_view text);

/// A file as a source; NotFound if there is none; at most 1 MiB.
Result<File> read_config_file(const std::filesystem::path& path);

/// A project's file, or nothing where there is none. One that another user owns or that everybody
/// may write is left out, with a sentence in `warnings`.
Result<std::optional<File>> read_project_file(const std::filesystem::path& path,
                                              std::vector<std::string>& warnings);

/// Sets one key in the text of a configuration file and leaves every other line as it is: comments,
/// order, spelling. Key and value are checked first, and the new text has to mean the old one with
/// that key set; where it does not (a map in flow style around the key, an anchor),
/// FailedPrecondition says to edit the file by hand.
Result<std::string> set_in_file(std::string_view file_text, std::string_view key,
                                std::string_view value);

}  // namespace skrei::config
