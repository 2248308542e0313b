// SPDX-License-Identifier: Apache-2.0
#include "compute/task_keys.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/hash.hpp"
#include "compute/task_environment.hpp"
#include "model/engine_params.hpp"
#include "model/task_key.hpp"

namespace skrei::compute {
namespace {

// What the engine "wasm" promises its programs; changes when a program could see a difference.
constexpr std::string_view kWasmAbi = "wasi-preview1/1";
constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kReadBytes = 256 << 10;

Result<multi::Cid> hash_file(const std::filesystem::path& path) {
  TRY_ASSIGN(const UniqueFd file, open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  Sha256 hash;
  Bytes buffer(kReadBytes);
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(path.native());
    if (got == 0) break;
    hash.update(ByteView(buffer).first(static_cast<std::size_t>(got)));
  }
  return multi::Cid::v1(multi::Codec::Raw, {.code = multi::HashCode::Sha2_256,
                                            .digest = to_bytes(ByteView(hash.finish()))});
}

/// Whether the result may depend on more than what the key names.
bool sees_the_world(const model::Task& task, const std::vector<ResolvedInput>& inputs) {
  const bool has_network = task.network.type != model::NetworkType::Default &&
                           task.network.type != model::NetworkType::None;
  return has_network || asks_for_host_variables(task) ||
         std::ranges::any_of(inputs, [](const ResolvedInput& input) {
           return !input.prepared.cid || input.prepared.access == storage::Access::ReadWrite;
         });
}

model::TaskKeyFields declared_fields(const protocol::HostedExecution& hosted,
                                     const model::WasmParams& params, multi::Cid program) {
  const model::Task& task = hosted.job->task();
  model::TaskKeyFields fields{.engine = "wasm",
                              .abi = std::string(kWasmAbi),
                              .program = std::move(program),
                              .entrypoint = params.entrypoint,
                              .args = params.parameters,
                              .env = task.env};
  if (hosted.job->count > 1) {
    fields.partition = {.index = static_cast<std::uint64_t>(hosted.partition_index),
                        .count = static_cast<std::uint64_t>(hosted.job->count)};
  }
  for (const model::ResultPath& path : task.result_paths)
    fields.outputs.push_back({.name = path.name, .path = path.path});
  fields.limits.time_seconds = static_cast<std::uint64_t>(task.timeouts.execution.count());
  fields.limits.guest_memory_bytes = hosted.resources.memory_bytes;
  return fields;
}

}  // namespace

async::Task<Result<multi::Cid>> TaskKeys::digest_of(const std::vector<ResolvedInput>& inputs,
                                                    std::string target) {
  const auto input = std::ranges::find(inputs, target, &ResolvedInput::target);
  if (input == inputs.end()) {
    co_return fail(Code::InvalidArgument, "module {:?}: no input has this target", target);
  }
  const auto& cid = input->prepared.cid;
  if (cid) {
    if (const auto known = digests_.find(*cid); known != digests_.end()) co_return known->second;
  }
  CO_TRY_ASSIGN(const multi::Cid digest, co_await async::blocking(pool_, [&] {
                  return hash_file(input->prepared.host_path);
                }));
  if (cid) remember(*cid, digest);
  co_return digest;
}

void TaskKeys::remember(const multi::Cid& input, const multi::Cid& digest) {
  if (!digests_.emplace(input, digest).second) return;
  remembered_.push_back(input);
  if (remembered_.size() <= kDigestsMax) return;
  digests_.erase(remembered_.front());
  remembered_.pop_front();
}

async::Task<Result<std::string>> TaskKeys::key_of(const protocol::HostedExecution& hosted,
                                                  const std::vector<ResolvedInput>& inputs) {
  const model::Task& task = hosted.job->task();
  if (!model::is_kind(task.engine, "wasm")) co_return std::string();
  CO_TRY_ASSIGN(const model::WasmParams params, model::wasm_params(task.engine));
  CO_TRY_ASSIGN(multi::Cid program, co_await digest_of(inputs, params.entry_module));
  model::TaskKeyFields fields = declared_fields(hosted, params, std::move(program));
  for (const std::string& target : params.import_modules) {
    CO_TRY_ASSIGN(multi::Cid import, co_await digest_of(inputs, target));
    fields.imports.push_back(std::move(import));
  }
  for (const ResolvedInput& input : inputs) {
    const bool is_module =
        input.target == params.entry_module ||
        std::ranges::find(params.import_modules, input.target) != params.import_modules.end();
    if (!is_module && input.prepared.cid) {
      fields.inputs.push_back({.target = input.target, .cid = *input.prepared.cid});
    }
  }
  if (sees_the_world(task, inputs)) {
    fields.nonce.resize(kNonceBytes);
    random_.fill(fields.nonce);
  }
  CO_TRY_ASSIGN(const multi::Cid key, model::task_key(fields));
  co_return key.to_string();
}

}  // namespace skrei::compute
