// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/guest_run.hpp"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "executor/record.hpp"
#include "executor/wasm/guest_user.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr std::uint64_t kFdsMax = 1024;
constexpr std::size_t kTextBytesMax = 8192;
// What the engine itself needs of private memory beside the guest's: stacks, tables, buffers.
constexpr std::uint64_t kEngineBytes = 512ULL << 20;
constexpr std::uint64_t kGuestBytesDefault = 4ULL << 30;

// AddressSanitizer's shadow is private memory of its own, and far more than any limit.
#if __has_feature(address_sanitizer)
constexpr bool kDataCanBeLimited = false;
#else
constexpr bool kDataCanBeLimited = true;
#endif

volatile std::sig_atomic_t file_was_too_long = 0;

void note_long_file(int) {
  file_was_too_long = 1;
}

Result<std::vector<OpenedFolder>> open_folders(const StartProgram& start) {
  std::vector<OpenedFolder> opened;
  for (const GuestFolder& folder : start.folders) {
    TRY_ASSIGN(UniqueFd fd, open_file(folder.host_path, O_RDONLY | O_DIRECTORY));
    OpenedFolder one{.folder = &folder, .fd = fd.get(), .info = {}};
    if (::fstat(one.fd, &one.info) != 0) return fail_errno(folder.host_path);
    opened.push_back(one);
    (void)fd.release();  // Lives as long as the process.
  }
  return opened;
}

std::vector<WallsRoot> give_to_guest(std::span<const OpenedFolder> opened,
                                     native::WasmRunOptions& options) {
  std::vector<WallsRoot> roots;
  for (const OpenedFolder& one : opened) {
    const bool writable = one.folder->access == Access::ReadWrite;
    roots.push_back({one.fd, writable ? RootAccess::ReadWrite : RootAccess::ReadOnly});
    options.dirs.push_back(
        {.guest_path = one.folder->guest_path,
         .fd = one.fd,
         .host_path = {},
         .access = writable ? native::WasmAccess::ReadWrite : native::WasmAccess::ReadOnly});
  }
  return roots;
}

WallsLimits walls_limits(const Limits& limits) {
  const std::uint64_t guest = limits.memory_bytes > 0 ? limits.memory_bytes : kGuestBytesDefault;
  WallsLimits walls{.fds_max = kFdsMax};
  if (kDataCanBeLimited) walls.data_bytes_max = guest + kEngineBytes;
  // The supervisor stops the program at the exact time; this holds if the supervisor is late.
  if (limits.cpu_time.count() > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.cpu_time).count();
    walls.cpu_seconds_max = static_cast<std::uint64_t>(seconds) + 1;
  }
  if (limits.disk_bytes > 0) walls.file_bytes_max = limits.disk_bytes;
  return walls;
}

Result<native::WasmOutcome> run_within_walls(const GuestRun& run) {
  // Ours are /dev/null; what the engine might say on stderr must not reach a file of the guest.
  if (::dup2(1, 2) < 0) return fail_errno("stderr");
  const std::array kept{0, 1, 2, run.stdout_fd, run.stderr_fd, run.outcome_fd};
  TRY(close_fds_except(kept));
  native::WasmRunOptions options{.args = run.start.args,
                                 .env = run.start.env,
                                 .stdout_fd = run.stdout_fd,
                                 .stderr_fd = run.stderr_fd,
                                 .memory_max_bytes = run.start.limits.memory_bytes};
  TRY_ASSIGN(const auto opened, open_folders(run.start));
  std::optional<WallsUser> user;
  if (run.user) {
    user = choose_user(*run.user, opened);
    TRY(hand_over(*user, opened));
  }
  const auto roots = give_to_guest(opened, options);
  TRY_ASSIGN(auto guest, run.program.prepare(options));
  TRY(apply_walls({.level = run.walls,
                   .roots = roots,
                   .limits = walls_limits(run.start.limits),
                   .user = user,
                   .parent = run.supervisor,
                   .seccomp = run.seccomp}));
  // Instead of ignoring it, as the walls do: the guest gets EFBIG either way.
  if (std::signal(SIGXFSZ, note_long_file) == SIG_ERR) return fail_errno("SIGXFSZ");
  return guest.start();
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

void run_guest(const GuestRun& run) {
  reset_signals();
  auto ran = run_within_walls(run);
  if (!ran) {
    ran = native::WasmOutcome{.ending = native::WasmEnding::HostError,
                              .text = std::move(ran.error().message)};
  }
  const GuestOutcome outcome{*std::move(ran), file_was_too_long != 0};
  const bool told = write_all(run.outcome_fd, encode_outcome(outcome), "outcome").has_value();
  ::_exit(told ? 0 : 1);
}

Bytes encode_outcome(const GuestOutcome& outcome) {
  const native::WasmOutcome& run = outcome.run;
  RecordWriter out;
  out.u8(static_cast<std::uint8_t>(run.ending));
  out.u8(static_cast<std::uint8_t>(run.trap));
  out.u32(run.exit_code);
  out.u8(run.memory_refused ? 1 : 0);
  out.u64(run.memory_peak_bytes);
  out.u64(run.fuel_used);
  out.text(std::string_view(run.text).substr(0, kTextBytesMax));
  out.u8(outcome.file_too_long ? 1 : 0);
  return out.take();
}

std::optional<GuestOutcome> decode_outcome(ByteView bytes) {
  RecordReader in(bytes);
  GuestOutcome outcome;
  native::WasmOutcome& run = outcome.run;
  run.ending = static_cast<native::WasmEnding>(in.below(5));
  run.trap = static_cast<native::WasmTrap>(in.below(11));
  run.exit_code = in.u32();
  run.memory_refused = in.below(2) == 1;
  run.memory_peak_bytes = in.u64();
  run.fuel_used = in.u64();
  run.text = in.text();
  outcome.file_too_long = in.below(2) == 1;
  if (!in.finish("outcome of a run")) return std::nullopt;
  return outcome;
}

}  // namespace skrei::executor::wasm
