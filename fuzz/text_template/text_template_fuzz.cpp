// SPDX-License-Identifier: Apache-2.0
// Templates of job files: any text ends within its limits.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "text_template/template.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skrei::text_template;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Limits limits{.output_bytes_max = 1 << 16,
                      .nodes_max = 10'000,
                      .steps_max = 10'000,
                      .work_bytes_max = 1 << 20};
  const auto output = render("input", text, {{"name", "x"}, {"n", "3"}}, limits);
  if (output && output->size() > limits.output_bytes_max) std::abort();
  // What has no action is its own text.
  if (text.find("{{") == std::string_view::npos && output && *output != text) std::abort();
  if (!output && !output.error().message.starts_with("input:")) std::abort();
  return 0;
}
