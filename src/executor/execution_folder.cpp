// SPDX-License-Identifier: Apache-2.0
#include "executor/execution_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "base/hash.hpp"
#include "executor/record.hpp"

namespace skrei::executor {
namespace {

constexpr std::string_view kStartMagic = "SKREISTA";
constexpr std::string_view kExitMagic = "SKREIEXI";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kRecordBytesMax = 1 << 20;
constexpr std::size_t kChecksumBytes = 8;

Bytes seal(std::string_view magic, RecordWriter body) {
  RecordWriter writer;
  for (const char letter : magic)
    writer.u8(static_cast<std::uint8_t>(letter));
  writer.u32(kVersion);
  Bytes bytes = writer.take();
  const Bytes content = body.take();
  bytes.insert(bytes.end(), content.begin(), content.end());
  const Sha256Digest digest = sha256(bytes);
  bytes.insert(bytes.end(), digest.begin(), digest.begin() + kChecksumBytes);
  return bytes;
}

/// The body of the record in the file; empty if there is no whole record. Every version has magic,
/// version and checksum at these places, so that a torn record is told from a newer one.
Result<std::optional<Bytes>> unseal(const std::filesystem::path& path, std::string_view magic) {
  auto bytes = read_file(path, kRecordBytesMax);
  if (!bytes) {
    if (bytes.error().code == Code::NotFound) return std::nullopt;
    return fail(std::move(bytes).error());
  }
  const std::size_t header_bytes = magic.size() + 4;
  if (bytes->size() < header_bytes + kChecksumBytes) return std::nullopt;
  const ByteView content = ByteView(*bytes).first(bytes->size() - kChecksumBytes);
  const Sha256Digest digest = sha256(content);
  if (!std::ranges::equal(ByteView(*bytes).last(kChecksumBytes),
                          ByteView(digest).first(kChecksumBytes)) ||
      as_chars(content.first(magic.size())) != magic) {
    return std::nullopt;
  }
  RecordReader header(content.subspan(magic.size()));
  if (const std::uint32_t version = header.u32(); version != kVersion) {
    return fail(Error{Code::FailedPrecondition,
                      fmt::format("{}: a record of version {}; this Skrei knows version {}",
                                  path.native(), version, kVersion),
                      "start the Skrei that wrote it, or name another data directory"});
  }
  return to_bytes(content.subspan(header_bytes));
}

Result<void> write_whole(const std::filesystem::path& path, ByteView bytes) {
  TRY_ASSIGN(const UniqueFd file, open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW));
  return write_all(file.get(), bytes, path.native());
}

std::int64_t count_of(WallTime time) {
  return time.time_since_epoch().count();
}

WallTime wall_time_of(std::int64_t nanoseconds) {
  return WallTime(Duration(nanoseconds));
}

}  // namespace

void put_exit(RecordWriter& writer, const Exit& exit) {
  writer.u8(static_cast<std::uint8_t>(exit.kind));
  writer.u8(static_cast<std::uint8_t>(exit.limit));
  writer.i64(exit.exit_code);
  writer.text(exit.message);
  writer.u64(exit.peak.memory_bytes);
  writer.u64(exit.peak.disk_bytes);
  writer.i64(exit.peak.cpu_time.count());
  writer.u64(exit.resident_peak_bytes);
  writer.i64(count_of(exit.started));
  writer.i64(count_of(exit.ended));
}

Exit get_exit(RecordReader& reader) {
  Exit exit;
  exit.kind = static_cast<ExitKind>(reader.below(6));
  exit.limit = static_cast<LimitKind>(reader.below(6));
  exit.exit_code = reader.whole();
  exit.message = reader.text();
  exit.peak.memory_bytes = reader.u64();
  exit.peak.disk_bytes = reader.u64();
  exit.peak.cpu_time = std::chrono::microseconds(reader.i64());
  exit.resident_peak_bytes = reader.u64();
  exit.started = wall_time_of(reader.i64());
  exit.ended = wall_time_of(reader.i64());
  return exit;
}

Result<ExecutionFolder> ExecutionFolder::of(const std::filesystem::path& executions,
                                            const ExecutionId& id) {
  const auto allowed = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
  };
  if (id.empty() || id.str().size() > 128 || !std::ranges::all_of(id.str(), allowed)) {
    return fail(Code::InvalidArgument,
                "execution id \"{}\": not 1 to 128 letters, digits, \"-\" and \"_\"",
                to_valid_utf8(id.str()));
  }
  return ExecutionFolder(executions / id.str());
}

Result<std::vector<ExecutionId>> ExecutionFolder::started(const std::filesystem::path& executions,
                                                          std::string_view engine) {
  std::vector<ExecutionId> ids;
  std::error_code error;
  std::filesystem::directory_iterator entry(executions, error);
  if (error == std::errc::no_such_file_or_directory) return ids;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ExecutionId id(entry->path().filename().native());
    const auto folder = of(executions, id);
    if (!folder) continue;
    TRY_ASSIGN(const auto record, folder->read_start());
    if (record && record->engine == engine) ids.push_back(std::move(id));
  }
  if (error) return fail(errno_error(error.value(), executions.native()));
  std::ranges::sort(ids);
  return ids;
}

Result<void> ExecutionFolder::make() const {
  if (::mkdir(path_.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail_errno(path_.native());
}

Result<void> ExecutionFolder::write_start(const StartRecord& record) const {
  RecordWriter writer;
  writer.text(record.engine);
  writer.i64(count_of(record.started));
  writer.text(as_chars(record.state));
  return write_whole(path_ / "start", seal(kStartMagic, std::move(writer)));
}

Result<std::optional<StartRecord>> ExecutionFolder::read_start() const {
  TRY_ASSIGN(const auto body, unseal(path_ / "start", kStartMagic));
  if (!body) return std::nullopt;
  RecordReader reader(*body);
  StartRecord record;
  record.engine = reader.text();
  record.started = wall_time_of(reader.i64());
  record.state = to_bytes(reader.text());
  if (!reader.finish("start record")) return std::nullopt;
  return record;
}

Result<void> ExecutionFolder::remove_start() const {
  const std::filesystem::path file = path_ / "start";
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno(file.native());
}

Result<void> ExecutionFolder::write_exit(const Exit& exit) const {
  RecordWriter writer;
  put_exit(writer, exit);
  const std::filesystem::path temporary = path_ / "exit.tmp";
  const std::filesystem::path file = path_ / "exit";
  TRY(write_whole(temporary, seal(kExitMagic, std::move(writer))));
  if (::rename(temporary.c_str(), file.c_str()) != 0) return fail_errno(file.native());
  return {};
}

Result<std::optional<Exit>> ExecutionFolder::read_exit() const {
  TRY_ASSIGN(const auto body, unseal(path_ / "exit", kExitMagic));
  if (!body) return std::nullopt;
  RecordReader reader(*body);
  Exit exit = get_exit(reader);
  if (!reader.finish("exit record")) return std::nullopt;
  return exit;
}

}  // namespace skrei::executor
