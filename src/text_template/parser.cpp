// SPDX-License-Identifier: Apache-2.0
#include "text_template/parser.hpp"

#include <algorithm>

#include "base/nearest_word.hpp"
#include "text_template/functions.hpp"
#include "text_template/lexer.hpp"

namespace skrei::text_template {
namespace {

using Kind = Token::Kind;

/// Words that have a meaning of their own at the start of an action.
bool is_keyword(std::string_view word) {
  constexpr std::string_view kWords[] = {"if",       "else",     "end",   "with",
                                         "range",    "continue", "break", "define",
                                         "template", "block",    "nil"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

/// How a list of nodes ended: by {{end}}, or by {{else}} and what follows it.
struct ListEnd {
  enum class How { Text, End, Else };
  How how = How::Text;
  std::size_t at = 0;
};

class Parser {
 public:
  Parser(const Source& source, const Limits& limits)
      : source_(source), limits_(limits), lexer_(source) {}

  Result<std::vector<Node>> run() {
    TRY(advance());
    std::vector<Node> nodes;
    TRY_ASSIGN(const ListEnd end, list(nodes));
    if (end.how == ListEnd::How::End) return source_.fail(end.at, "this {{end}} ends nothing");
    if (end.how == ListEnd::How::Else) {
      return source_.fail(end.at, "this {{else}} belongs to nothing");
    }
    return nodes;
  }

 private:
  Result<void> advance() {
    TRY_ASSIGN(token_, lexer_.next());
    return {};
  }

  bool is_word(std::string_view word) const {
    return token_.kind == Kind::Word && token_.text == word;
  }

  Result<void> count_node() {
    if (++nodes_ <= limits_.nodes_max) return {};
    return source_.fail(Code::ResourceExhausted, token_.at, "the template has too many parts");
  }

  Result<void> close() {
    if (token_.kind == Kind::Close) return advance();
    return source_.fail(token_.at, "}} has to stand here");
  }

  /// Up to the {{end}} or {{else}} that is not its own; of that the word is taken.
  Result<ListEnd> list(std::vector<Node>& nodes) {
    while (token_.kind != Kind::End) {
      TRY(count_node());
      if (token_.kind == Kind::Text) {
        nodes.push_back({.kind = Node::Kind::Text, .at = token_.at, .text = token_.text});
        TRY(advance());
        continue;
      }
      const std::size_t at = token_.at;
      TRY(advance());
      if (is_word("end") || is_word("else")) {
        const auto how = is_word("end") ? ListEnd::How::End : ListEnd::How::Else;
        TRY(advance());
        return ListEnd{how, at};
      }
      TRY_ASSIGN(Node node, action(at));
      nodes.push_back(std::move(node));
    }
    return ListEnd{};
  }

  Result<Node> action(std::size_t at) {
    if (is_word("if")) return control(Node::Kind::If, at);
    if (is_word("with")) return control(Node::Kind::With, at);
    if (is_word("range")) return control(Node::Kind::Range, at);
    if (is_word("break") || is_word("continue")) {
      if (ranges_ == 0) {
        return source_.fail(token_.at, fmt::format("{} has its place within range", token_.text));
      }
      Node node{.kind = is_word("break") ? Node::Kind::Break : Node::Kind::Continue, .at = at};
      TRY(advance());
      TRY(close());
      return node;
    }
    for (const std::string_view word : {"define", "template", "block"}) {
      if (!is_word(word)) continue;
      return source_.fail(
          token_.at,
          fmt::format("{} is not there: a job file is one template without parts", word));
    }
    Node node{.kind = Node::Kind::Action, .at = at};
    TRY_ASSIGN(node.pipeline, pipeline(Kind::Close, 1));
    TRY(close());
    return node;
  }

  /// At the word `if`, `with` or `range`.
  Result<Node> control(Node::Kind kind, std::size_t at) {
    TRY(enter(at));
    const std::string word = token_.text;
    const std::size_t known = variables_.size();
    TRY(advance());
    Node node{.kind = kind, .at = at};
    TRY_ASSIGN(node.pipeline, pipeline(Kind::Close, kind == Node::Kind::Range ? 2 : 1));
    TRY(close());
    if (kind == Node::Kind::Range) ++ranges_;
    const std::size_t inside = variables_.size();
    TRY_ASSIGN(ListEnd end, list(node.body));
    variables_.resize(inside);
    if (kind == Node::Kind::Range) --ranges_;
    if (end.how == ListEnd::How::Else) {
      TRY_ASSIGN(end, otherwise(node, word));
    } else if (end.how == ListEnd::How::End) {
      TRY(close());
    }
    if (end.how == ListEnd::How::Text) {
      return source_.fail(at, fmt::format("this {{{{{}}}}} has no {{{{end}}}}", word));
    }
    if (end.how == ListEnd::How::Else) {
      return source_.fail(end.at, fmt::format("this {{{{{}}}}} has an {{{{else}}}} already", word));
    }
    variables_.resize(known);
    --depth_;
    return node;
  }

  /// Behind the word `else`. `else if` and `else with` are nodes of their own that share the end.
  Result<ListEnd> otherwise(Node& node, const std::string& word) {
    const bool chains = (node.kind == Node::Kind::If && is_word("if")) ||
                        (node.kind == Node::Kind::With && is_word("with"));
    if (chains) {
      TRY(count_node());
      TRY_ASSIGN(Node next, control(node.kind, token_.at));
      node.otherwise.push_back(std::move(next));
      return ListEnd{ListEnd::How::End, token_.at};
    }
    if (token_.kind != Kind::Close) {
      return source_.fail(token_.at, fmt::format("{{{{else}}}} of {{{{{}}}}} stands alone", word));
    }
    TRY(close());
    TRY_ASSIGN(const ListEnd end, list(node.otherwise));
    if (end.how == ListEnd::How::End) TRY(close());
    return end;
  }

  Result<void> enter(std::size_t at) {
    if (++depth_ <= limits_.depth_max) return {};
    return source_.fail(
        Code::ResourceExhausted, at,
        fmt::format("blocks and parentheses are nested deeper than {}", limits_.depth_max));
  }

  /// Up to a token of kind `end`, which stays.
  Result<Pipeline> pipeline(Kind end, std::size_t variables_max) {
    Pipeline result{.at = token_.at};
    std::vector<Operand> begun;
    if (token_.kind == Kind::Variable) {
      TRY_ASSIGN(begun, variables(result, variables_max));
    }
    while (true) {
      TRY_ASSIGN(Command one, command(end, std::move(begun)));
      begun.clear();
      const bool is_call = one.words.front().kind == Operand::Kind::Function;
      if (!result.commands.empty() && !is_call && one.words.front().fields.empty()) {
        return source_.fail(one.at, "what stands behind | has to be a function");
      }
      result.commands.push_back(std::move(one));
      if (token_.kind == end) break;
      TRY(advance());
    }
    for (const std::string& name : result.variables) {
      if (result.binds == Pipeline::Binds::Declares) variables_.push_back(name);
    }
    return result;
  }

  /// `$x :=`, `$x =`, `$k, $v :=`; or a variable that is an operand, which is returned.
  Result<std::vector<Operand>> variables(Pipeline& into, std::size_t variables_max) {
    const Token first = token_;
    TRY(advance());
    if (token_.kind != Kind::Declare && token_.kind != Kind::Assign &&
        (token_.kind != Kind::Comma || variables_max < 2)) {
      std::vector<Operand> words(1);
      TRY_ASSIGN(words[0], variable(first));
      return words;
    }
    into.variables.push_back(first.text);
    if (token_.kind == Kind::Comma) {
      TRY(advance());
      if (token_.kind != Kind::Variable) {
        return source_.fail(token_.at, "a second variable has to follow the comma");
      }
      into.variables.push_back(token_.text);
      TRY(advance());
    }
    const bool declares = token_.kind == Kind::Declare;
    if (!declares && token_.kind != Kind::Assign) {
      return source_.fail(token_.at, ":= or = has to follow the variables");
    }
    for (const std::string& name : into.variables) {
      if (name.empty())
        return source_.fail(first.at, "$ is the values themselves; a variable has a name");
      if (!declares) TRY(check_known(name, first.at));
    }
    into.binds = declares ? Pipeline::Binds::Declares : Pipeline::Binds::Assigns;
    TRY(advance());
    return std::vector<Operand>();
  }

  Result<void> check_known(const std::string& name, std::size_t at) {
    if (name.empty() || std::ranges::find(variables_, name) != variables_.end()) return {};
    const std::vector<std::string_view> known(variables_.begin(), variables_.end());
    return source_.fail(at,
                        fmt::format("${} is not declared here{}", name, did_you_mean(name, known)));
  }

  static bool ends_command(Kind kind, Kind end) { return kind == end || kind == Kind::Pipe; }

  Result<Command> command(Kind end, std::vector<Operand> words) {
    Command result{.at = words.empty() ? token_.at : words.front().at, .words = std::move(words)};
    while (!ends_command(token_.kind, end)) {
      if (!result.words.empty() && !token_.spaced) {
        return source_.fail(token_.at, "a space is missing here");
      }
      TRY_ASSIGN(Operand word, operand());
      result.words.push_back(std::move(word));
    }
    if (result.words.empty()) return source_.fail(token_.at, "a value is missing here");
    const Operand& first = result.words.front();
    if (result.words.size() > 1 && first.kind != Operand::Kind::Function) {
      return source_.fail(result.words[1].at, "only a function takes arguments");
    }
    return result;
  }

  Result<Operand> operand() {
    TRY(count_node());
    const Token token = token_;
    Operand result{.at = token.at};
    switch (token.kind) {
      case Kind::Constant:
        result.kind = Operand::Kind::Constant;
        result.constant = token.constant;
        TRY(advance());
        if (token_.kind == Kind::Field && !token_.spaced) {
          return source_.fail(token_.at, "a constant has no fields");
        }
        return result;
      case Kind::Dot:
        TRY(advance());
        if (token_.kind == Kind::Field && !token_.spaced) {
          return source_.fail(token_.at, "one dot is enough");
        }
        return result;
      case Kind::Field:
        TRY(fields(result));
        return result;
      case Kind::Variable:
        TRY(advance());
        return variable(token);
      case Kind::Word:
        TRY(advance());
        return word(token);
      case Kind::LeftParen:
        return group(token.at);
      case Kind::RightParen:
        return source_.fail(token.at, "this ) closes nothing");
      default:
        return source_.fail(token.at, "a value has to stand here");
    }
  }

  /// `.a.b`, as far as no space is between them.
  Result<void> fields(Operand& into) {
    bool is_first = into.fields.empty() && into.kind == Operand::Kind::Dot;
    while (token_.kind == Kind::Field && (is_first || !token_.spaced)) {
      is_first = false;
      into.fields.push_back(token_.text);
      TRY(advance());
    }
    return {};
  }

  Result<Operand> variable(const Token& token) {
    TRY(check_known(token.text, token.at));
    Operand result{.kind = Operand::Kind::Variable, .at = token.at, .name = token.text};
    TRY(fields(result));
    return result;
  }

  Result<Operand> word(const Token& token) {
    Operand result{.kind = Operand::Kind::Function, .at = token.at, .name = token.text};
    if (token.text == "true" || token.text == "false") {
      result.kind = Operand::Kind::Constant;
      result.constant = token.text == "true";
      return result;
    }
    if (is_keyword(token.text)) {
      return source_.fail(token.at,
                          token.text == "nil"
                              ? "nil is not there: values are texts, and missing ones errors"
                              : fmt::format("{:?} cannot stand here", token.text));
    }
    if (!is_function(token.text)) return source_.fail(token.at, unknown_function(token.text));
    if (token_.kind == Kind::Field && !token_.spaced) {
      return source_.fail(token_.at, "a space is missing here");
    }
    return result;
  }

  Result<Operand> group(std::size_t at) {
    TRY(enter(at));
    TRY(advance());
    Operand result{.kind = Operand::Kind::Group, .at = at};
    const std::size_t known = variables_.size();
    TRY_ASSIGN(Pipeline inner, pipeline(Kind::RightParen, 0));
    variables_.resize(known);
    TRY(advance());
    result.group.push_back(std::move(inner));
    TRY(fields(result));
    --depth_;
    return result;
  }

  const Source& source_;
  const Limits& limits_;
  Lexer lexer_;
  Token token_;
  std::vector<std::string> variables_;
  std::size_t nodes_ = 0;
  std::size_t depth_ = 0;
  std::size_t ranges_ = 0;
};

}  // namespace

Result<std::vector<Node>> parse(const Source& source, const Limits& limits) {
  return Parser(source, limits).run();
}

}  // namespace skrei::text_template
