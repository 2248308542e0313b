// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "cli/globals.hpp"
#include "config/table.hpp"

namespace skrei::cli {
namespace {

constexpr std::array<std::string_view, 3> kShells = {"bash", "zsh", "fish"};

// Each line is a word, a tab and its meaning; ":files" stands for the files that are there.
constexpr std::string_view kBash = R"(# bash completion of skrei: source <(skrei completion bash)
_skrei() {
  local line word
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$2")
    else
      COMPREPLY+=("${line%%$'\t'*}")
    fi
  done < <("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _skrei skrei bacalhau
)";

constexpr std::string_view kZsh = R"(#compdef skrei bacalhau
# zsh completion of skrei: source <(skrei completion zsh)
_skrei() {
  local line
  local -a candidates
  for line in "${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      _files
    elif [[ -n $line ]]; then
      candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    fi
  done
  (( $#candidates )) && _describe skrei candidates
}
if [[ $funcstack[1] == _skrei ]]; then _skrei "$@"; else compdef _skrei skrei bacalhau; fi
)";

constexpr std::string_view kFish = R"(# fish completion of skrei: skrei completion fish | source
function __skrei_complete
  set -l words (commandline -opc)
  for line in ($words[1] complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      printf '%s\n' $line
    end
  end
end
complete -c skrei -f -a '(__skrei_complete)'
complete -c bacalhau -f -a '(__skrei_complete)'
)";

using More = Completion::More;

const OptionText* find_flag(std::span<const OptionText> options, std::string_view name) {
  for (const OptionText& option : options) {
    if (!option.is_argument && std::ranges::find(option.names, name) != option.names.end())
      return &option;
  }
  return nullptr;
}

/// Works through the words once.
class Completer {
 public:
  Completer(std::span<const CommandPage> commands, std::string typed)
      : commands_(commands), typed_(std::move(typed)) {
    flags_ = declared_options([](Options& options) { Globals().declare(options); });
  }

  void pass(const std::string& word) {
    if (wants_value_ != nullptr) {
      wants_value_ = nullptr;
    } else if (word == "--") {
      is_program_ = true;
    } else if (is_program_) {
      return;
    } else if (word.starts_with('-') && word.size() > 1) {
      const OptionText* flag = find_flag(flags_, word.substr(0, word.find('=')));
      if (flag != nullptr && !flag->placeholder.empty() && !word.contains('=')) wants_value_ = flag;
    } else if (command_ == nullptr) {
      step_into(word);
    } else {
      ++arguments_;
    }
  }

  Completion result() {
    if (wants_value_ != nullptr) {
      offer_values(*wants_value_, "");
    } else if (is_program_) {
      completion_.more = More::Files;
    } else if (typed_.starts_with('-')) {
      offer_flags();
    } else if (is_help_ || command_ == nullptr) {
      offer_commands();
    } else {
      offer_arguments();
    }
    return std::move(completion_);
  }

 private:
  void step_into(const std::string& word) {
    if (word == "help" && path_.empty()) {
      is_help_ = true;
      return;
    }
    path_ += (path_.empty() ? "" : " ") + word;
    const auto found = std::ranges::find_if(
        commands_, [&](const CommandPage& page) { return page.text.path == path_; });
    if (found == commands_.end() || is_help_) return;
    command_ = &*found;
    flags_.insert(flags_.begin(), command_->options.begin(), command_->options.end());
  }

  void offer(std::string_view word, std::string_view meaning) {
    if (!word.starts_with(typed_) || !offered_.insert(std::string(word)).second) return;
    completion_.candidates.push_back({std::string(word), std::string(meaning)});
  }

  void offer_commands() {
    const std::string prefix = path_.empty() ? "" : path_ + " ";
    for (const CommandPage& page : commands_) {
      if (!page.text.path.starts_with(prefix)) continue;
      const std::string_view rest = page.text.path.substr(prefix.size());
      const bool is_whole = !rest.contains(' ');
      offer(rest.substr(0, rest.find(' ')), is_whole ? page.text.summary : "");
    }
    if (!path_.empty()) return;
    if (!is_help_) {
      offer("help", "Help of a command or about a topic");
      return;
    }
    for (const Topic& topic : all_topics())
      offer(topic.name, topic.summary);
  }

  void offer_flags() {
    if (const std::size_t equals = typed_.find('='); equals != std::string::npos) {
      const OptionText* flag = find_flag(flags_, typed_.substr(0, equals));
      if (flag != nullptr) offer_values(*flag, typed_.substr(0, equals + 1));
      return;
    }
    for (const OptionText& option : flags_) {
      if (option.is_argument) continue;
      for (const std::string& name : option.names) {
        // Short ones are for who knows them.
        if (name.starts_with("--")) offer(name, option.help);
      }
    }
    offer("--help", "Help of this command");
  }

  void offer_values(const OptionText& option, const std::string& prefix) {
    for (const std::string& word : option.choices)
      offer(prefix + word, "");
    const std::string& what =
        option.placeholder.empty() ? option.names.front() : option.placeholder;
    if (what.starts_with("KEY")) {
      for (const config::Setting& setting : config::settings())
        offer(prefix + std::string(setting.key), setting.meaning);
    }
    completion_.more = more_of(what);
  }

  static More more_of(std::string_view what) {
    if (what.starts_with("JOB")) return More::Jobs;
    if (what.starts_with("NODE")) return More::Nodes;
    for (const std::string_view kind : {"FILE", "PATH", "DIR", "MODULE"}) {
      if (what.contains(kind)) return More::Files;
    }
    return More::Nothing;
  }

  void offer_arguments() {
    std::size_t number = 0;
    for (const OptionText& option : command_->options) {
      if (!option.is_argument) continue;
      if (number++ != arguments_ && !option.is_repeatable) continue;
      if (option.names.front() == "SHELL") {
        for (const std::string_view shell : kShells)
          offer(shell, "");
      }
      offer_values(option, "");
      return;
    }
  }

  std::span<const CommandPage> commands_;
  std::string typed_;
  std::vector<OptionText> flags_;
  std::string path_;
  const CommandPage* command_ = nullptr;
  const OptionText* wants_value_ = nullptr;
  bool is_help_ = false;
  bool is_program_ = false;
  std::size_t arguments_ = 0;
  std::set<std::string> offered_;
  Completion completion_;
};

}  // namespace

Completion complete(std::span<const CommandPage> commands, std::vector<std::string> words) {
  std::string typed = words.empty() ? "" : words.back();
  if (!words.empty()) words.pop_back();
  // "--output", "=", "js": the flag and the beginning of its value.
  if (typed == "=") typed.clear();
  Completer completer(commands, typed);
  for (const std::string& word : words) {
    if (word != "=") completer.pass(word);
  }
  return completer.result();
}

std::span<const std::string_view> completion_shells() {
  return kShells;
}

std::string completion_script(std::string_view shell) {
  return std::string(shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish);
}

}  // namespace skrei::cli
