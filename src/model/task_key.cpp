// SPDX-License-Identifier: Apache-2.0
#include "model/task_key.hpp"

#include <algorithm>
#include <utility>

#include "multi/dag_cbor.hpp"

namespace skrei::model {
namespace {

using multi::CborInteger;
using multi::CborValue;

// Changes whenever a field is added, dropped or read in another way.
constexpr std::uint64_t kVersion = 1;

CborValue number(std::uint64_t value) {
  return CborInteger(value);
}

CborValue text_list(const std::vector<std::string>& texts) {
  CborValue::List list;
  for (const std::string& text : texts)
    list.emplace_back(text);
  return list;
}

// Sorted by the member; InvalidArgument if two are equal in it.
template <class T>
Result<std::vector<T>> sorted_by(std::vector<T> items, std::string T::* member,
                                 std::string_view what) {
  std::ranges::sort(items, {}, member);
  const auto twice = std::ranges::adjacent_find(items, {}, member);
  if (twice != items.end()) {
    return fail(Code::InvalidArgument, "task key: {} \"{}\" is there twice", what,
                (*twice).*member);
  }
  return items;
}

CborValue limits_value(const TaskKeyFields::Limits& limits) {
  return CborValue::Map{{"fuel", number(limits.fuel)},
                        {"fuelSchedule", limits.fuel_schedule},
                        {"guestMemory", number(limits.guest_memory_bytes)},
                        {"time", number(limits.time_seconds)}};
}

CborValue program_value(const TaskKeyFields& fields) {
  CborValue::List imports;
  for (const multi::Cid& import : fields.imports)
    imports.emplace_back(import);
  return CborValue::Map{{"imports", std::move(imports)}, {"module", fields.program}};
}

}  // namespace

Result<multi::Cid> task_key(const TaskKeyFields& fields) {
  TRY_ASSIGN(const auto inputs,
             sorted_by(fields.inputs, &TaskKeyFields::Input::target, "input target"));
  TRY_ASSIGN(const auto outputs,
             sorted_by(fields.outputs, &TaskKeyFields::Output::name, "output name"));
  CborValue::List input_list;
  for (const auto& input : inputs) {
    input_list.emplace_back(CborValue::Map{{"cid", input.cid}, {"target", input.target}});
  }
  CborValue::List output_list;
  for (const auto& output : outputs) {
    output_list.emplace_back(CborValue::Map{{"name", output.name}, {"path", output.path}});
  }
  CborValue::Map env;
  for (const auto& [name, value] : fields.env)
    env.emplace(name, value);

  CborValue::Map key{{"v", number(kVersion)},
                     {"engine", fields.engine},
                     {"abi", fields.abi},
                     {"program", program_value(fields)},
                     {"entrypoint", fields.entrypoint},
                     {"args", text_list(fields.args)},
                     {"workdir", fields.working_directory},
                     {"env", std::move(env)},
                     {"inputs", std::move(input_list)},
                     {"outputs", std::move(output_list)},
                     {"limits", limits_value(fields.limits)},
                     {"salt", fields.salt},
                     {"nonce", fields.nonce}};
  if (fields.partition && fields.partition->count > 1) {
    key.emplace("partition", CborValue::Map{{"count", number(fields.partition->count)},
                                            {"index", number(fields.partition->index)}});
  }
  return with_context(multi::dag_cbor_cid(CborValue(std::move(key))), "task key");
}

}  // namespace skrei::model
