// SPDX-License-Identifier: Apache-2.0
#include "cli/job_inputs.hpp"

#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/text.hpp"
#include "cli/transfer_status.hpp"
#include "model/storage_params.hpp"

namespace skrei::cli {
namespace {

constexpr std::size_t kInlineBytesMax = 64 << 10;
constexpr std::string_view kMagic("\0asm", 4);

Error not_found(const std::string& path) {
  return {Code::NotFound, fmt::format("{}: no such file or folder", path),
          "a CID is written ipfs://CID"};
}

}  // namespace

Result<ModuleFlag> ModuleFlag::parse(std::string_view text) {
  ModuleFlag module;
  TRY_ASSIGN(module.source, InputFlag::parse(text));
  if (module.source.kind == InputFlag::Kind::Node) {
    return fail(Code::InvalidArgument, "{}: a module is a file here or ipfs://CID", text);
  }
  const std::string& target = module.source.target;
  module.name =
      std::filesystem::path(target == "/inputs" ? module.source.source : target).stem().string();
  return module;
}

Result<void> ModuleFlag::check_file() const {
  if (source.kind != InputFlag::Kind::Local) return {};
  std::error_code error;
  if (!std::filesystem::exists(source.source, error)) return fail(not_found(source.source));
  TRY_ASSIGN(const UniqueFd fd, open_file(source.source, O_RDONLY));
  char head[4] = {};
  const ssize_t count = ::pread(fd.get(), head, sizeof head, 0);
  if (count == sizeof head && std::string_view(head, sizeof head) == kMagic) return {};
  return fail(Error{Code::FailedPrecondition,
                    fmt::format("{}: is no WebAssembly module", source.source),
                    "compile the program for wasm32-wasi"});
}

async::Task<Result<std::string>> JobInputs::cid_of(InputFlag input) {
  if (input.kind == InputFlag::Kind::Ipfs) {
    CO_TRY_ASSIGN(ContentPath path, ContentPath::parse(input.source));
    if (path.path.empty() || uploads_ == Uploads::Skip) co_return path.to_string();
    CO_TRY_ASSIGN(const ContentEntry entry, co_await content_.stat(std::move(path)));
    co_return entry.cid;
  }
  std::error_code error;
  if (!std::filesystem::exists(input.source, error)) co_return fail(not_found(input.source));
  if (uploads_ == Uploads::Skip) co_return fmt::format("<CID of {}>", input.source);
  CO_TRY_ASSIGN(const Added added, co_await add_shown(session_, content_, input.source, {}));
  session_.io.say(
      fmt::format("Added {} ({}) as {}", input.source, size_text(added.size), added.cid));
  co_return added.cid;
}

async::Task<Result<void>> JobInputs::add(model::Task& task, InputFlag input) {
  model::InputSource source{.source = {}, .alias = "", .target = input.target};
  if (input.kind == InputFlag::Kind::Node) {
    const auto rw = input.options.find("rw");
    source.source = model::to_spec(model::LocalDirectorySource{
        .source_path = input.source,
        .read_write = rw != input.options.end() && rw->second == "true"});
  } else {
    CO_TRY_ASSIGN(const std::string cid, co_await cid_of(std::move(input)));
    source.source = model::to_spec(model::IpfsSource{.cid = cid});
  }
  task.input_sources.push_back(std::move(source));
  co_return Result<void>();
}

async::Task<Result<void>> JobInputs::add_module(model::Task& task, ModuleFlag module,
                                                std::string target) {
  std::error_code error;
  const bool is_small = module.source.kind == InputFlag::Kind::Local &&
                        std::filesystem::file_size(module.source.source, error) <= kInlineBytesMax;
  if (!is_small || error) {
    module.source.target = std::move(target);
    co_return co_await add(task, std::move(module.source));
  }
  CO_TRY_ASSIGN(const Bytes bytes, read_file(module.source.source, kInlineBytesMax));
  task.input_sources.push_back({.source = model::to_spec(model::InlineSource{
                                    .url = "data:application/wasm;base64," + to_base64(bytes)}),
                                .alias = "",
                                .target = std::move(target)});
  co_return Result<void>();
}

}  // namespace skrei::cli
