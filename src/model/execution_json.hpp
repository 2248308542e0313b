// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/json_fwd.hpp"
#include "model/event.hpp"
#include "model/execution.hpp"

namespace skrei::model {

/// The wire form of v1.9.3: states are integers, `PartitionIndex` is left out when 0, bytes of
/// RunOutput that are not UTF-8 print as U+FFFD. Skrei adds `Epoch`, `Attempt`, `TaskKey`,
/// `PeakUsage` where set.
json::Value to_json(const Execution& execution);
Result<Execution> execution_from_json(const json::Value& value);

json::Value to_json(const JobHistory& item);
Result<JobHistory> job_history_from_json(const json::Value& value);

/// JSON Schemas of these wire forms.
json::Value execution_schema();
json::Value job_history_schema();

/// Storage and node-to-node form: the text of a JSON object. Everything comes back as it was, the
/// bytes of RunOutput included (base64 where they are not UTF-8).
std::string encode_execution(const Execution& execution);
Result<Execution> decode_execution(std::string_view text);
std::string encode_run_output(const RunOutput& output);
Result<RunOutput> decode_run_output(std::string_view text);
/// Without seq_num and time, which the store gives.
std::string encode_event(const Event& event);
Result<Event> decode_event(std::string_view text);

}  // namespace skrei::model
