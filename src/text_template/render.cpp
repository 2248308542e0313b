// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "base/nearest_word.hpp"
#include "text_template/functions.hpp"
#include "text_template/parser.hpp"
#include "text_template/template.hpp"

namespace skrei::text_template {
namespace {

/// What walking a list of nodes asks of the loops around it.
enum class Walk { On, Break, Continue };

class Renderer {
 public:
  Renderer(const Source& source, const Values& values, const Limits& limits)
      : source_(source), values_(values), limits_(limits) {}

  Result<std::string> run(const std::vector<Node>& nodes) {
    TRY(walk(nodes, &values_));
    return std::move(output_);
  }

 private:
  struct Variable {
    std::string name;
    Value value;
  };

  Result<Walk> walk(const std::vector<Node>& nodes, const Value& dot) {
    for (const Node& node : nodes) {
      TRY(step(node.at));
      TRY_ASSIGN(const Walk next, walk_one(node, dot));
      if (next != Walk::On) return next;
    }
    return Walk::On;
  }

  Result<Walk> walk_one(const Node& node, const Value& dot) {
    switch (node.kind) {
      case Node::Kind::Text:
        TRY(put(node.text, node.at));
        return Walk::On;
      case Node::Kind::Action: {
        TRY_ASSIGN(const Value value, evaluate(node.pipeline, dot));
        if (node.pipeline.binds == Pipeline::Binds::Nothing) TRY(put(to_text(value), node.at));
        return Walk::On;
      }
      case Node::Kind::If:
      case Node::Kind::With:
        return choose(node, dot);
      case Node::Kind::Range:
        return loop(node, dot);
      case Node::Kind::Break:
        return Walk::Break;
      case Node::Kind::Continue:
        return Walk::Continue;
    }
    return Walk::On;
  }

  Result<Walk> choose(const Node& node, const Value& dot) {
    const std::size_t mark = variables_.size();
    TRY_ASSIGN(const Value value, evaluate(node.pipeline, dot));
    const bool chosen = is_true(value);
    const Value& inner = chosen && node.kind == Node::Kind::With ? value : dot;
    TRY_ASSIGN(const Walk next, walk(chosen ? node.body : node.otherwise, inner));
    variables_.resize(mark);
    return next;
  }

  Result<Walk> loop(const Node& node, const Value& dot) {
    const std::size_t mark = variables_.size();
    TRY_ASSIGN(const Value value, evaluate_range(node, dot));
    bool ran = false;
    Walk next = Walk::On;
    if (const auto* values = std::get_if<const Values*>(&value)) {
      for (const auto& [key, item] : **values) {
        ran = true;
        TRY_ASSIGN(next, iterate(node, Value(key), Value(item)));
        if (next == Walk::Break) break;
      }
    } else if (const auto* count = std::get_if<std::int64_t>(&value)) {
      if (node.pipeline.variables.size() > 1) {
        return source_.fail(node.at, "range up to a number has one variable, not two");
      }
      for (std::int64_t i = 0; i < *count; ++i) {
        ran = true;
        TRY_ASSIGN(next, iterate(node, std::nullopt, Value(i)));
        if (next == Walk::Break) break;
      }
    } else {
      return source_.fail(node.at, fmt::format("range cannot go over {}", kind_of(value)));
    }
    variables_.resize(mark);
    if (ran) return Walk::On;
    TRY_ASSIGN(next, walk(node.otherwise, dot));
    variables_.resize(mark);
    return next;
  }

  /// What range goes over; its variables are bound round by round.
  Result<Value> evaluate_range(const Node& node, const Value& dot) {
    TRY_ASSIGN(Value value, run_commands(node.pipeline, dot));
    if (node.pipeline.binds == Pipeline::Binds::Declares) {
      for (const std::string& name : node.pipeline.variables)
        variables_.push_back({name, std::string()});
    }
    return value;
  }

  Result<Walk> iterate(const Node& node, std::optional<Value> key, Value item) {
    TRY(step(node.at));
    const auto& names = node.pipeline.variables;
    TRY(charge(item, node.at));
    if (!names.empty()) variable(names.back()) = item;
    if (names.size() > 1) {
      TRY(charge(*key, node.at));
      variable(names.front()) = *std::move(key);
    }
    const std::size_t mark = variables_.size();
    TRY_ASSIGN(const Walk next, walk(node.body, item));
    variables_.resize(mark);
    return next;
  }

  Result<Value> evaluate(const Pipeline& pipeline, const Value& dot) {
    TRY_ASSIGN(Value value, run_commands(pipeline, dot));
    for (const std::string& name : pipeline.variables) {
      TRY(charge(value, pipeline.at));
      if (pipeline.binds == Pipeline::Binds::Declares) {
        variables_.push_back({name, value});
      } else {
        variable(name) = value;
      }
    }
    return value;
  }

  Result<Value> run_commands(const Pipeline& pipeline, const Value& dot) {
    std::optional<Value> value;
    for (const Command& command : pipeline.commands) {
      TRY(step(command.at));
      TRY_ASSIGN(value, run_command(command, dot, std::move(value)));
      TRY(charge(*value, command.at));
    }
    return *std::move(value);
  }

  Result<Value> run_command(const Command& command, const Value& dot, std::optional<Value> last) {
    const Operand& first = command.words.front();
    if (first.kind != Operand::Kind::Function) {
      if (last) return source_.fail(first.at, "what stands behind | has to be a function");
      return operand(first, dot);
    }
    if (first.name == "and" || first.name == "or") return decide(command, dot, std::move(last));
    std::vector<Value> arguments;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
      TRY_ASSIGN(Value value, operand(command.words[i], dot));
      arguments.push_back(std::move(value));
    }
    if (last) arguments.push_back(*std::move(last));
    return placed(call_function(first.name, arguments), first.at);
  }

  /// `and` and `or`: the first argument that decides; those behind it are not looked at.
  Result<Value> decide(const Command& command, const Value& dot, std::optional<Value> last) {
    const bool stops_at = command.words.front().name == "or";
    std::optional<Value> value;
    for (std::size_t i = 1; i < command.words.size(); ++i) {
      TRY_ASSIGN(value, operand(command.words[i], dot));
      if (is_true(*value) == stops_at) return *std::move(value);
    }
    if (last) value = std::move(last);
    if (value) return *std::move(value);
    return source_.fail(
        command.at, fmt::format("{} takes at least 1 argument, not 0", command.words.front().name));
  }

  Result<Value> operand(const Operand& operand, const Value& dot) {
    switch (operand.kind) {
      case Operand::Kind::Constant:
        return operand.constant;
      case Operand::Kind::Dot:
        return below(operand, dot);
      case Operand::Kind::Variable:
        return below(operand, operand.name.empty() ? Value(&values_) : variable(operand.name));
      case Operand::Kind::Function:
        return run_command({.at = operand.at, .words = {operand}}, dot, std::nullopt);
      case Operand::Kind::Group: {
        TRY_ASSIGN(const Value value, run_commands(operand.group.front(), dot));
        if (operand.group.front().binds != Pipeline::Binds::Nothing) {
          return source_.fail(operand.at, "a variable cannot be set within parentheses");
        }
        return below(operand, value);
      }
    }
    return Value(false);
  }

  /// The value with the operand's fields applied.
  Result<Value> below(const Operand& operand, const Value& from) {
    Value value = from;
    for (const std::string& field : operand.fields) {
      const auto* values = std::get_if<const Values*>(&value);
      if (values == nullptr) {
        return source_.fail(operand.at,
                            fmt::format(".{} is asked of {}, which has nothing below it; $.{} is "
                                        "the value of that name",
                                        field, kind_of(value), field));
      }
      const auto found = (*values)->find(field);
      if (found == (*values)->end()) return source_.fail(operand.at, missing(**values, field));
      value = found->second;
    }
    TRY(charge(value, operand.at));
    return value;
  }

  static std::string missing(const Values& values, const std::string& name) {
    std::vector<std::string_view> names;
    for (const auto& [key, value] : values)
      names.push_back(key);
    return fmt::format("no value is given for {:?}{}", name, did_you_mean(name, names));
  }

  /// The nearest of that name. The parser has seen that there is one.
  Value& variable(const std::string& name) {
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const Variable& one) { return one.name == name; });
    return found->value;
  }

  Result<Value> placed(Result<Value> value, std::size_t at) const {
    if (value) return value;
    return source_.fail(value.error().code, at, value.error().message);
  }

  Result<void> step(std::size_t at) {
    if (++steps_ <= limits_.steps_max) return {};
    return source_.fail(Code::ResourceExhausted, at,
                        fmt::format("the template takes more than {} steps", limits_.steps_max));
  }

  Result<void> charge(const Value& value, std::size_t at) {
    if (const auto* text = std::get_if<std::string>(&value)) work_bytes_ += text->size();
    if (work_bytes_ <= limits_.work_bytes_max) return {};
    return source_.fail(
        Code::ResourceExhausted, at,
        fmt::format("the template handles more than {} bytes", limits_.work_bytes_max));
  }

  Result<void> put(std::string_view text, std::size_t at) {
    output_ += text;
    if (output_.size() <= limits_.output_bytes_max) return {};
    return source_.fail(
        Code::ResourceExhausted, at,
        fmt::format("the template makes more than {} bytes", limits_.output_bytes_max));
  }

  const Source& source_;
  const Values& values_;
  const Limits& limits_;
  std::vector<Variable> variables_;
  std::string output_;
  std::size_t steps_ = 0;
  std::size_t work_bytes_ = 0;
};

}  // namespace

Result<std::string> render(std::string_view name, std::string_view text, const Values& values,
                           const Limits& limits) {
  const Source source{name, text};
  TRY_ASSIGN(const std::vector<Node> nodes, parse(source, limits));
  return Renderer(source, values, limits).run(nodes);
}

}  // namespace skrei::text_template
