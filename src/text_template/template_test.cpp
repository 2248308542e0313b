// SPDX-License-Identifier: Apache-2.0
#include "text_template/template.hpp"

#include <gtest/gtest.h>

#include "base/testing/golden.hpp"
#include "json/json.hpp"

namespace skrei::text_template {
namespace {

const Values kValues = {{"name", "word count"}, {"n", "3"}, {"image", "alpine"}};

std::string rendered(std::string_view text, const Limits& limits = {}) {
  const auto output = render("job.yaml", text, kValues, limits);
  return output ? *output : "error: " + output.error().message;
}

TEST(Template, GivesWhatGoGives) {
  const auto golden =
      json::parse(skrei::testing::read_source_file("src/text_template/testdata/golden.json"));
  ASSERT_TRUE(golden) << golden.error().message;
  const auto values = (*golden)["values"].get<Values>();
  ASSERT_GT((*golden)["cases"].size(), 100u);
  for (const json::Value& one : (*golden)["cases"]) {
    const std::string text = one["template"];

    const auto output = render("case", text, values);

    // "%!d(string=x)": what Go writes where a printf does not fit.
    const bool is_misprint = one["output"].get<std::string>().contains("%!");
    if (one["fails"].get<bool>() || is_misprint) {
      EXPECT_FALSE(output) << text << "\n" << *output;
    } else {
      EXPECT_TRUE(output) << text << "\n" << output.error().message;
      if (output) EXPECT_EQ(*output, one["output"].get<std::string>()) << text;
    }
  }
}

TEST(Template, ErrorsNameLineAndColumnAndTheRemedy) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a: 1\nb: {{.nmae}}\n",
       "job.yaml:2:6: no value is given for \"nmae\"; did you mean \"name\"?"},
      {"é: {{.other}}", "job.yaml:1:6: no value is given for \"other\""},
      {"{{if .n}}\nx", "job.yaml:1:1: this {{if}} has no {{end}}"},
      {"{{end}}", "job.yaml:1:1: this {{end}} ends nothing"},
      {"{{else}}", "job.yaml:1:1: this {{else}} belongs to nothing"},
      {"{{.n", "job.yaml:1:5: an action has no end: }} is missing"},
      {"{{name}}", "job.yaml:1:3: there is no function \"name\"; a value is written .name"},
      {"{{pritnf \"x\"}}",
       "job.yaml:1:3: there is no function \"pritnf\"; did you mean \"printf\"?"},
      {"{{html .n}}", "job.yaml:1:3: html is not there: a job file is no web page"},
      {"{{define \"x\"}}{{end}}",
       "job.yaml:1:3: define is not there: a job file is one template without parts"},
      {"{{$x}}", "job.yaml:1:3: $x is not declared here"},
      {"{{printf \"%d\" .n}}", "job.yaml:1:3: printf: %d does not go with a text"},
      {"{{printf \"%s\"}}", "job.yaml:1:3: printf: there is no argument for %s"},
      {"{{printf \"x\" 1}}", "job.yaml:1:3: printf: 1 of 1 arguments are not used by \"x\""},
      {"{{printf \"%U\" 1}}", "job.yaml:1:3: printf: %U is not there; %v prints anything"},
      {"{{eq 1 .n}}", "job.yaml:1:3: eq: a whole number cannot be compared with a text"},
      {"{{len}}", "job.yaml:1:3: len takes 1 argument, not 0"},
      {"{{1i}}", "job.yaml:1:3: 1i is a complex number, which is not there"},
      {"{{.name.first}}",
       "job.yaml:1:3: .first is asked of a text, which has nothing below it; $.first is the value "
       "of that name"},
      {"{{range .n}}{{end}}", "job.yaml:1:1: range cannot go over a text"},
      {"{{#if x}}", "job.yaml:1:3: \"#\" has no meaning in an action"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_EQ(rendered(text), "error: " + std::string(message)) << text;
  }
}

TEST(Template, LimitsEndWhatWouldNotEnd) {
  const auto code_of = [](std::string_view text, const Limits& limits) {
    const auto output = render("job.yaml", text, kValues, limits);
    return output ? "fine" : std::string(to_string(output.error().code));
  };
  const std::string exhausted(to_string(Code::ResourceExhausted));
  std::string deep;
  for (int i = 0; i < 65; ++i)
    deep += "{{if 1}}";
  std::string twice = "{{$x := `0123456789`}}";
  for (int i = 0; i < 60; ++i)
    twice += "{{$x = print $x $x}}";

  EXPECT_EQ(code_of(deep, {}), exhausted);
  EXPECT_EQ(code_of("{{" + std::string(100'000, '('), {}), exhausted);
  EXPECT_EQ(code_of(twice, {}), exhausted);
  EXPECT_EQ(code_of("{{range 1000000000}}{{end}}", {.steps_max = 10'000}), exhausted);
  EXPECT_EQ(code_of("{{range 100}}{{.}}{{end}}", {.steps_max = 50}), exhausted);
  EXPECT_EQ(code_of("{{range 100}}0123456789{{end}}", {.output_bytes_max = 999}), exhausted);
  EXPECT_EQ(code_of("{{range 100}}0123456789{{end}}", {.output_bytes_max = 1000}), "fine");
  EXPECT_EQ(code_of("{{1}}{{2}}", {.nodes_max = 3}), exhausted);
}

}  // namespace
}  // namespace skrei::text_template
