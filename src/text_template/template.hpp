// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

// Templates of job files: the part of Go's text/template that makes sense over a map of texts.
//
//   {{.name}} {{$.name}} {{index . "name"}}         values; one that is missing is an error
//   {{$x := …}} {{$x = …}} {{$x}}                    variables, with Go's scopes
//   {{if …}} {{else if …}} {{else}} {{end}}
//   {{with …}} {{else with …}} {{else}} {{end}}
//   {{range …}} {{range $k, $v := …}} {{break}} {{continue}} {{else}} {{end}}
//                                                    over the values, by name, or up to a number
//   {{… | printf "%s"}} {{(…)}}                      pipelines; constants as in Go
//   and or not eq ne lt le gt ge index len slice print println printf
//   {{/* a comment */}}, {{- and -}} with Go's trimming
//
// What renders here renders to the same bytes in Go (testdata/golden.json, made by a Go program);
// what Go has besides (define, template, block, call, html, js, urlquery, nil, complex numbers) is
// an error that names it, and so is what Go would write into the text as "%!d(string=x)".

namespace skrei::text_template {

using Values = std::map<std::string, std::string>;

struct Limits {
  std::size_t output_bytes_max = 10 << 20;
  /// Blocks and parentheses within each other.
  std::size_t depth_max = 64;
  /// Actions and operands that a template may hold.
  std::size_t nodes_max = 100'000;
  /// Actions that rendering may take.
  std::size_t steps_max = 1'000'000;
  /// Bytes that functions and variables may make in all.
  std::size_t work_bytes_max = 64 << 20;
};

/// The text with its actions carried out. `name` is what errors call the text: InvalidArgument
/// "job.yaml:3:12: …" with line and column, both from 1, the column in characters.
/// ResourceExhausted, in the same form, when a limit is passed.
Result<std::string> render(std::string_view name, std::string_view text, const Values& values,
                           const Limits& limits = {});

}  // namespace skrei::text_template
