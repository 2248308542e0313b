// SPDX-License-Identifier: Apache-2.0
// A job as a stranger may send it: whatever is read is written again and read back equal, and
// whatever is admitted is admitted again unchanged.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "json/yaml.hpp"
#include "model/job_json.hpp"
#include "model/validate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skrei;
  const std::string_view text = as_chars({data, size});
  const auto value = json::parse_yaml(text);
  if (!value) return 0;
  const auto again = json::parse_yaml(json::dump_yaml(*value));
  SKREI_ASSERT(again && *again == *value);

  const auto job = model::job_from_json(*value);
  if (!job) return 0;
  const auto back = model::decode_job(model::encode_job(*job));
  SKREI_ASSERT(back && *back == *job);

  const auto admitted = model::admit(*job, {});
  if (!admitted) return 0;
  SKREI_ASSERT(model::validate(admitted->job));
  const auto twice = model::admit(admitted->job, {});
  SKREI_ASSERT(twice && twice->job == admitted->job && twice->warnings.empty());
  return 0;
}
