// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/json_fwd.hpp"
#include "model/job.hpp"

namespace skrei::model {

/// The wire form of v1.9.3, with `LateResult` added where it is set.
json::Value to_json(const Job& job);
json::Value to_json(const SpecConfig& spec);

/// JSON Schemas of these wire forms.
json::Value job_schema();
json::Value spec_config_schema();

/// A job from its wire form; keys in any case. Unknown keys are left out and, where `unknown` is
/// given, told there one sentence each: `Tasks[0].Engin: unknown, ignored; did you mean "Engine"?`
Result<Job> job_from_json(const json::Value& value, std::vector<std::string>* unknown = nullptr);
Result<SpecConfig> spec_config_from_json(const json::Value& value);

/// Storage and node-to-node form: the text of a JSON object. Everything comes back as it was.
std::string encode_job(const Job& job);
Result<Job> decode_job(std::string_view text);
std::string encode_spec_config(const SpecConfig& spec);
Result<SpecConfig> decode_spec_config(std::string_view text);

/// A job file as people write it, in YAML or JSON: a Job object, or one under the key "Job".
Result<Job> parse_job_file(std::string_view text, std::vector<std::string>* unknown = nullptr);

}  // namespace skrei::model
