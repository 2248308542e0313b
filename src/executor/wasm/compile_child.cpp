// SPDX-License-Identifier: Apache-2.0
//
// The child's side: what runs in the process `skrei wasm-compile`.
#include "executor/wasm/compile_child.hpp"

#include <array>
#include <cerrno>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "executor/wasm/compile_order.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr int kModuleFd = 0;
constexpr int kArtifactFd = 1;
constexpr int kReportFd = 2;

// AddressSanitizer's shadow memory counts as data and is far above any limit.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kDataCanBeLimited = false;
#else
constexpr bool kDataCanBeLimited = true;
#endif
#else
constexpr bool kDataCanBeLimited = true;
#endif

Result<ByteView> map_module(const CompileOrder& order) {
  struct stat status{};
  if (fstat(kModuleFd, &status) != 0) return fail_errno("module");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == 0) return fail(Code::InvalidArgument, "module: the file is empty");
  if (size > order.limits.module_bytes_max) {
    return fail(Code::ResourceExhausted,
                "module too costly to compile: it has {} bytes, at most {} are taken", size,
                order.limits.module_bytes_max);
  }
  // Mapped, so that its pages are the page cache's and do not count against the limit on data.
  const void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, kModuleFd, 0);
  if (bytes == MAP_FAILED) return fail_errno("module");
  return ByteView(static_cast<const std::uint8_t*>(bytes), size);
}

Result<void> put_up_walls(const CompileOrder& order, const SeccompProgram* filter) {
  WallsPlan plan{.level = order.level,
                 .limits = {.cpu_seconds_max = order.limits.cpu_max.count(),
                            .file_bytes_max = order.limits.artifact_bytes_max,
                            .fds_max = 32},
                 .user = order.user,
                 .parent = order.parent,
                 .seccomp = filter};
  if (kDataCanBeLimited) plan.limits.data_bytes_max = order.limits.memory_bytes_max;
  TRY(apply_walls(plan));
  return {};
}

Result<void> write_artifact(const native::WasmArtifact& artifact, const CompileOrder& order) {
  if (artifact.bytes().size() > order.limits.artifact_bytes_max) {
    return fail(Code::ResourceExhausted,
                "module too costly to compile: its machine code has {} bytes, at most {} are kept",
                artifact.bytes().size(), order.limits.artifact_bytes_max);
  }
  return write_all(kArtifactFd, artifact.bytes(), "compiled module");
}

Result<void> work(std::span<char* const> arguments) {
  TRY_ASSIGN(const CompileOrder order, CompileOrder::parse(arguments));
  constexpr std::array kKept = {kModuleFd, kArtifactFd, kReportFd};
  TRY(close_fds_except(kKept));
  TRY_ASSIGN(const auto engine, native::WasmEngine::create(order.engine));
  if (!order.digest) return write_all(kArtifactFd, as_bytes(engine.fingerprint()), "fingerprint");

  // Mapped before the walls, which know no stat; looked at only inside them.
  TRY_ASSIGN(const ByteView module, map_module(order));
  auto filter = SeccompProgram::build(SeccompProgram::Profile::Compiler);
  if (!filter && order.level != WallsLevel::Weak) return fail(std::move(filter).error());
  // Before the walls: glibc's fstat() is newfstatat(), which the compiler's filter has not.
  TRY(put_up_walls(order, filter ? &*filter : nullptr));

  if (sha256(module) != *order.digest) {
    return fail(Code::InvalidArgument, "module: its bytes do not have the SHA-256 {}",
                to_hex(*order.digest));
  }
  TRY_ASSIGN(const auto artifact, engine.compile(module));
  return write_artifact(artifact, order);
}

}  // namespace

int run_compile_child(int argc, char** argv) {
  const std::span<char* const> arguments(argv, static_cast<std::size_t>(argc));
  const auto result = work(arguments.subspan(std::min<std::size_t>(2, arguments.size())));
  CompileExit status = CompileExit::Done;
  if (!result) {
    status = CompileExit::Reported;
    const std::string report = to_report(result.error());
    // If nobody reads, nobody is left to be told.
    (void)!write(kReportFd, report.data(), report.size());
  }
  // Not through exit(): what runs there may need calls that the walls kill.
  _exit(std::to_underlying(status));
}

}  // namespace skrei::executor::wasm
