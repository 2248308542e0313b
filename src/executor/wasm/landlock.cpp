// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/landlock.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.hpp"

namespace skrei::executor::wasm {
namespace {

// The kernel's <linux/landlock.h> of the build machine may be older than the kernel that runs, so
// the interface is spelled out here: rights by the version that brought them.
constexpr std::uint64_t kExecute = 1ULL << 0;
constexpr std::uint64_t kWriteFile = 1ULL << 1;
constexpr std::uint64_t kReadFile = 1ULL << 2;
constexpr std::uint64_t kReadDir = 1ULL << 3;
constexpr std::uint64_t kRemoveDir = 1ULL << 4;
constexpr std::uint64_t kRemoveFile = 1ULL << 5;
constexpr std::uint64_t kMakeDir = 1ULL << 7;
constexpr std::uint64_t kMakeRegular = 1ULL << 8;
constexpr std::uint64_t kMakeSymlink = 1ULL << 12;
constexpr std::uint64_t kAllOfAbi1 = (1ULL << 13) - 1;
constexpr std::uint64_t kRefer = 1ULL << 13;        // ABI 2
constexpr std::uint64_t kTruncate = 1ULL << 14;     // ABI 3
constexpr std::uint64_t kIoctlDevice = 1ULL << 15;  // ABI 5
constexpr std::uint64_t kBindTcp = 1ULL << 0;       // ABI 4
constexpr std::uint64_t kConnectTcp = 1ULL << 1;
constexpr std::uint64_t kScopeAbstractUnixSocket = 1ULL << 0;  // ABI 6
constexpr std::uint64_t kScopeSignal = 1ULL << 1;
constexpr std::uint32_t kLogSameExecOff = 1U << 0;  // ABI 7

constexpr std::uint64_t kReadOnlyRights = kReadFile | kReadDir;
constexpr std::uint64_t kReadWriteRights = kReadOnlyRights | kWriteFile | kRemoveDir | kRemoveFile |
                                           kMakeDir | kMakeRegular | kMakeSymlink | kRefer |
                                           kTruncate;
constexpr std::uint64_t kRightsOfFiles = kExecute | kWriteFile | kReadFile | kTruncate;

struct RulesetAttributes {
  std::uint64_t handled_fs;
  std::uint64_t handled_net;
  std::uint64_t scoped;
};

struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed;
  std::int32_t fd;
};

constexpr std::uint32_t kCreateVersion = 1;
constexpr int kRulePathBeneath = 1;

// The numbers of these calls are the same on every architecture.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;

std::uint64_t handled_rights(int abi) {
  std::uint64_t rights = kAllOfAbi1;
  if (abi >= 2) rights |= kRefer;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctlDevice;
  return rights;
}

/// An older kernel refuses a longer structure whose unknown part is not zero.
std::size_t attributes_size(int abi) {
  if (abi >= 6) return sizeof(RulesetAttributes);
  return abi >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

Result<void> add_root(int ruleset, const WallsRoot& root, std::uint64_t handled) {
  struct stat status{};
  if (fstat(root.fd, &status) != 0) {
    return fail_errno(fmt::format("sandbox: descriptor {} of an allowed folder", root.fd));
  }
  PathBeneath rule{};
  rule.allowed = root.access == RootAccess::ReadWrite ? kReadWriteRights : kReadOnlyRights;
  rule.allowed &= handled;
  if (!S_ISDIR(status.st_mode)) rule.allowed &= kRightsOfFiles;
  rule.fd = root.fd;
  if (syscall(kAddRule, ruleset, kRulePathBeneath, &rule, 0) != 0) {
    return fail_errno(fmt::format("sandbox: Landlock rule for descriptor {}", root.fd));
  }
  return {};
}

}  // namespace

int landlock_abi() {
  const long version = syscall(kCreateRuleset, nullptr, 0, kCreateVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<void> enter_landlock(std::span<const WallsRoot> roots, int abi) {
  if (abi < 1) {
    return fail(Code::FailedPrecondition, "sandbox: this kernel has no Landlock, or it is off");
  }
  RulesetAttributes attributes{};
  attributes.handled_fs = handled_rights(abi);
  if (abi >= 4) attributes.handled_net = kBindTcp | kConnectTcp;
  if (abi >= 6) attributes.scoped = kScopeAbstractUnixSocket | kScopeSignal;
  const UniqueFd ruleset(
      static_cast<int>(syscall(kCreateRuleset, &attributes, attributes_size(abi), 0)));
  if (!ruleset) return fail_errno("sandbox: Landlock ruleset");

  for (const WallsRoot& root : roots)
    TRY(add_root(ruleset.get(), root, attributes.handled_fs));

  // A guest that tries forbidden paths in a loop must not fill the machine's audit log.
  const std::uint32_t flags = abi >= 7 ? kLogSameExecOff : 0;
  if (syscall(kRestrictSelf, ruleset.get(), flags) != 0) return fail_errno("sandbox: Landlock");
  return {};
}

}  // namespace skrei::executor::wasm
