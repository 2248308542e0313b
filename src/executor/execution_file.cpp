// SPDX-License-Identifier: Apache-2.0
#include "executor/execution_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "executor/record.hpp"

namespace skrei::executor {
namespace {

constexpr std::string_view kStartMagic = "SKREISTA";
constexpr std::string_view kExitMagic = "SKREIEXI";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 16;  // Magic, version, length of the body.
constexpr std::size_t kChecksumBytes = 8;

constexpr std::string_view kStartedEnding = ".run";
constexpr std::string_view kReleasedEnding = ".out";

/// A part of the file that holds one record.
struct Room {
  std::uint64_t at;
  std::uint64_t bytes;
};
constexpr Room kStartRoom{128, 2040 - 128};
constexpr std::uint64_t kBegunAt = 2040;
constexpr Room kExitRoom{2048, 32768 - 2048};
constexpr std::uint64_t kOutputAt = 32768;
constexpr std::uint64_t kStreamHeaderBytes = 64;
// A message that is longer than its record has room for is cut.
constexpr std::size_t kMessageBytesMax = 16 << 10;

Bytes seal(std::string_view magic, RecordWriter body) {
  const Bytes content = body.take();
  RecordWriter writer;
  for (const char letter : magic)
    writer.u8(static_cast<std::uint8_t>(letter));
  writer.u32(kVersion);
  writer.u32(static_cast<std::uint32_t>(content.size()));
  Bytes bytes = writer.take();
  bytes.insert(bytes.end(), content.begin(), content.end());
  const Sha256Digest digest = sha256(bytes);
  bytes.insert(bytes.end(), digest.begin(), digest.begin() + kChecksumBytes);
  return bytes;
}

/// The body of the record that `bytes` begin with; empty if there is no whole record. Every version
/// has magic, version, length and checksum at these places, so that a torn record is told from a
/// newer one.
Result<std::optional<Bytes>> unseal(ByteView bytes, std::string_view magic) {
  if (bytes.size() < kHeaderBytes + kChecksumBytes) return std::nullopt;
  if (as_chars(bytes.first(magic.size())) != magic) return std::nullopt;
  RecordReader header(bytes.subspan(magic.size(), kHeaderBytes - magic.size()));
  const std::uint32_t version = header.u32();
  const std::size_t length = header.u32();
  if (length > bytes.size() - kHeaderBytes - kChecksumBytes) return std::nullopt;
  const ByteView content = bytes.first(kHeaderBytes + length);
  const Sha256Digest digest = sha256(content);
  if (!std::ranges::equal(bytes.subspan(content.size(), kChecksumBytes),
                          ByteView(digest).first(kChecksumBytes))) {
    return std::nullopt;
  }
  if (version != kVersion) {
    return fail(
        Error{Code::FailedPrecondition,
              fmt::format("a record of version {}; this Skrei knows version {}", version, kVersion),
              "start the Skrei that wrote it, or name another data directory"});
  }
  return to_bytes(content.subspan(kHeaderBytes));
}

Result<void> write_record(int file, Room room, const Bytes& record) {
  if (record.size() > room.bytes) {
    return fail(Code::Internal, "a record of {} bytes has room for {}", record.size(), room.bytes);
  }
  // Whole or not at all for readers by its checksum, and for a killed writer by being one call.
  const ssize_t wrote = ::pwrite(file, record.data(), record.size(), static_cast<off_t>(room.at));
  if (wrote == static_cast<ssize_t>(record.size())) return {};
  if (wrote >= 0) errno = ENOSPC;
  return fail_errno("record");
}

/// What is in the room, as far as the file goes.
Result<Bytes> read_room(int file, Room room) {
  Bytes bytes(std::min<std::uint64_t>(room.bytes, 1024));
  while (true) {
    const ssize_t got = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(room.at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("record");
    // Nearly every record is short; a long one is read again, whole.
    const auto length = static_cast<std::size_t>(got);
    const bool more =
        length == bytes.size() && length < room.bytes && length >= kHeaderBytes &&
        RecordReader(ByteView(bytes).subspan(12, 4)).u32() + kHeaderBytes + kChecksumBytes > length;
    bytes.resize(more ? room.bytes : length);
    if (!more) return bytes;
  }
}

bool is_one_name(const std::string& id) {
  const auto allowed = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
  };
  return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, allowed);
}

Result<std::filesystem::path> path_of(const std::filesystem::path& executions,
                                      const ExecutionId& id, std::string_view ending) {
  if (!is_one_name(id.str())) {
    return fail(Code::InvalidArgument,
                "execution id \"{}\": not 1 to 128 letters, digits, \"-\" and \"_\"",
                to_valid_utf8(id.str()));
  }
  std::string path = executions.native();
  path.append("/").append(id.str()).append(ending);
  return std::filesystem::path(std::move(path));
}

/// Ids of the files with this ending, in no order; none where the folder is not there.
Result<std::vector<ExecutionId>> ids_with(const std::filesystem::path& executions,
                                          std::string_view ending) {
  std::vector<ExecutionId> ids;
  std::error_code error;
  std::filesystem::directory_iterator entry(executions, error);
  if (error == std::errc::no_such_file_or_directory) return ids;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().native();
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    if (is_one_name(name)) ids.emplace_back(std::move(name));
  }
  if (error) return fail(errno_error(error.value(), executions.native()));
  return ids;
}

StreamPlace place_of(OutputSource source) {
  const std::uint64_t index = source == OutputSource::Stdout ? 0 : 1;
  return {.header_at = index * kStreamHeaderBytes, .data_at = kOutputAt, .streams_before = index};
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

ExecutionFile::ExecutionFile(UniqueFd file, std::filesystem::path path)
    : file_(std::make_shared<const UniqueFd>(std::move(file))), path_(std::move(path)) {}

Result<ExecutionFile> ExecutionFile::create(const std::filesystem::path& executions,
                                            const ExecutionId& id) {
  TRY_ASSIGN(auto path, path_of(executions, id, kStartedEnding));
  TRY_ASSIGN(UniqueFd file, open_file(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW));
  return ExecutionFile(std::move(file), std::move(path));
}

Result<ExecutionFile> ExecutionFile::open(const std::filesystem::path& executions,
                                          const ExecutionId& id) {
  TRY_ASSIGN(auto path, path_of(executions, id, kStartedEnding));
  TRY_ASSIGN(UniqueFd file, open_file(path, O_RDWR | O_NOFOLLOW));
  return ExecutionFile(std::move(file), std::move(path));
}

Result<ExecutionFile> ExecutionFile::open_to_read(const std::filesystem::path& executions,
                                                  const ExecutionId& id) {
  // The second look at the first name is for a start in between.
  for (const std::string_view ending : {kStartedEnding, kReleasedEnding, kStartedEnding}) {
    TRY_ASSIGN(auto path, path_of(executions, id, ending));
    auto file = open_file(path, O_RDONLY | O_NOFOLLOW);
    if (file) return ExecutionFile(*std::move(file), std::move(path));
    if (file.error().code != Code::NotFound) return fail(std::move(file).error());
  }
  return fail(Code::NotFound, "execution {}: not found", id);
}

Result<std::vector<ExecutionId>> ExecutionFile::started(const std::filesystem::path& executions,
                                                        std::string_view engine) {
  TRY_ASSIGN(std::vector<ExecutionId> ids, ids_with(executions, kStartedEnding));
  std::vector<ExecutionId> of_engine;
  for (ExecutionId& id : ids) {
    TRY_ASSIGN(const auto file, open(executions, id));
    TRY_ASSIGN(const auto record, file.read_start());
    if (record && record->engine == engine) of_engine.push_back(std::move(id));
  }
  std::ranges::sort(of_engine);
  return of_engine;
}

Result<std::vector<ExecutionId>> ExecutionFile::released(const std::filesystem::path& executions) {
  TRY_ASSIGN(std::vector<ExecutionId> ids, ids_with(executions, kReleasedEnding));
  std::vector<std::pair<std::int64_t, ExecutionId>> by_age;
  for (ExecutionId& id : ids) {
    TRY_ASSIGN(const auto path, path_of(executions, id, kReleasedEnding));
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) continue;  // Removed meanwhile.
    by_age.emplace_back(info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, std::move(id));
  }
  std::ranges::sort(by_age);
  ids.clear();
  for (auto& [time, id] : by_age)
    ids.push_back(std::move(id));
  return ids;
}

Result<void> ExecutionFile::release(const std::filesystem::path& executions,
                                    const ExecutionId& id) {
  TRY_ASSIGN(const auto from, path_of(executions, id, kStartedEnding));
  TRY_ASSIGN(const auto to, path_of(executions, id, kReleasedEnding));
  if (::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno(from.native());
}

Result<void> ExecutionFile::remove(const std::filesystem::path& executions, const ExecutionId& id) {
  for (const std::string_view ending : {kReleasedEnding, kStartedEnding}) {
    TRY_ASSIGN(const auto path, path_of(executions, id, ending));
    if (::unlink(path.c_str()) == 0) return {};
    if (errno != ENOENT) return fail_errno(path.native());
  }
  return {};
}

Result<void> ExecutionFile::write_start(const StartRecord& record) const {
  RecordWriter writer;
  writer.text(record.engine);
  writer.i64(count_of(record.started));
  writer.text(as_chars(record.state));
  return with_context(write_record(file_->get(), kStartRoom, seal(kStartMagic, std::move(writer))),
                      path_.native());
}

Result<std::optional<StartRecord>> ExecutionFile::read_start() const {
  TRY_ASSIGN(const Bytes room, read_room(file_->get(), kStartRoom));
  TRY_ASSIGN(const auto body, with_context(unseal(room, kStartMagic), path_.native()));
  if (!body) return std::nullopt;
  RecordReader reader(*body);
  StartRecord record;
  record.engine = reader.text();
  record.started = wall_time_of(reader.i64());
  record.state = to_bytes(reader.text());
  if (!reader.finish("start record")) return std::nullopt;
  return record;
}

Result<void> ExecutionFile::mark_begun() const {
  if (::pwrite(file_->get(), "\1", 1, kBegunAt) == 1) return {};
  return fail_errno(path_.native());
}

Result<bool> ExecutionFile::has_begun() const {
  char mark = 0;
  if (::pread(file_->get(), &mark, 1, kBegunAt) < 0) return fail_errno(path_.native());
  return mark != 0;
}

Result<void> ExecutionFile::write_exit(const Exit& exit) const {
  RecordWriter writer;
  Exit bounded = exit;
  if (bounded.message.size() > kMessageBytesMax) {
    bounded.message.resize(kMessageBytesMax);
    bounded.message.resize(utf8_prefix_length(bounded.message));
  }
  put_exit(writer, bounded);
  return with_context(write_record(file_->get(), kExitRoom, seal(kExitMagic, std::move(writer))),
                      path_.native());
}

Result<std::optional<Exit>> ExecutionFile::read_exit() const {
  TRY_ASSIGN(const Bytes room, read_room(file_->get(), kExitRoom));
  TRY_ASSIGN(const auto body, with_context(unseal(room, kExitMagic), path_.native()));
  if (!body) return std::nullopt;
  RecordReader reader(*body);
  Exit exit = get_exit(reader);
  if (!reader.finish("exit record")) return std::nullopt;
  return exit;
}

OutputWriter ExecutionFile::writer(OutputSource source, OutputRetention retention) const {
  return {file_->get(), place_of(source), retention};
}

Result<OutputReader> ExecutionFile::reader(OutputSource source) const {
  return with_context(OutputReader::open(file_, place_of(source)), path_.native());
}

}  // namespace skrei::executor
