// SPDX-License-Identifier: Apache-2.0
#include "cli/output_reader.hpp"

#include <charconv>

#include "async/sleep.hpp"

namespace skrei::cli {
namespace {

constexpr int kTriesMax = 5;
constexpr Duration kPause = std::chrono::milliseconds(300);
constexpr std::size_t kPieceBytes = 64 << 10;

/// The offset at which the API says that the stream begins now: "…; from=123".
std::optional<std::uint64_t> kept_from(std::string_view message) {
  constexpr std::string_view kMark = "from=";
  const std::size_t at = message.rfind(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = message.substr(at + kMark.size());
  std::uint64_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (error != std::errc()) return std::nullopt;
  return offset;
}

class Copier {
 public:
  Copier(ApiClient& api, Io& io, OutputCopy copy) : api_(api), io_(io), copy_(std::move(copy)) {}

  async::Task<Result<void>> run() {
    int tries = 0;
    while (true) {
      const std::uint64_t before = offset_;
      const Result<void> copied = co_await copy_once();
      if (copied || gone_) co_return finish(copied);
      const Error& error = copied.error();
      if (offset_ != before) tries = 0;
      if (error.code == Code::NotFound) {
        const auto from = kept_from(error.message);
        // Not begun, or kept on the node no longer: nothing to show.
        if (!from || *from <= offset_) co_return Result<void>();
        io_.say(error.message.substr(0, error.message.rfind(';')));
        offset_ = *from;
        continue;
      }
      // A program that is silent for long looks like this, too; the connection is made anew.
      const bool silent = error.code == Code::DeadlineExceeded;
      if (!silent && (error.code != Code::Unavailable || ++tries > kTriesMax)) {
        co_return fail(error);
      }
      CO_TRY(co_await async::sleep_for(kPause));
    }
  }

 private:
  async::Task<Result<void>> copy_once() {
    http::Query query;
    query.add("format", "raw");
    query.add("execution_id", copy_.execution.str());
    query.add("source", copy_.source == Stream::Stdout ? "stdout" : "stderr");
    query.add("from", std::to_string(offset_));
    if (copy_.follow) query.add("follow", "true");
    CO_TRY_ASSIGN(http::ClientResponse response,
                  co_await api_.open(fmt::format("orchestrator/jobs/{}/logs", copy_.job), query));
    Bytes buffer(kPieceBytes);
    while (true) {
      CO_TRY_ASSIGN(const std::size_t count, co_await response.body().read_some(buffer));
      if (count == 0) co_return Result<void>();
      offset_ += count;
      if (!emit(as_chars(ByteView(buffer).first(count)))) {
        gone_ = true;
        co_return fail(Code::Unavailable, "nobody reads the output any more");
      }
    }
  }

  Result<void> finish(const Result<void>& copied) {
    if (!line_.empty() && !gone_) put(copy_.prefix + line_ + "\n");
    return copied;
  }

  bool emit(std::string_view bytes) {
    if (copy_.prefix.empty()) return put(bytes);
    std::string whole;
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      line_ += bytes.substr(0, end == std::string_view::npos ? bytes.size() : end);
      // A line without an end is given in pieces.
      if (end == std::string_view::npos && line_.size() < kPieceBytes) break;
      whole += copy_.prefix + line_ + "\n";
      line_.clear();
      bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    }
    return put(whole);
  }

  bool put(std::string_view bytes) {
    if (copy_.source == Stream::Stderr) {
      io_.write_err(bytes);
      return true;
    }
    return io_.write(bytes) && io_.flush();
  }

  ApiClient& api_;
  Io& io_;
  OutputCopy copy_;
  std::uint64_t offset_ = 0;
  std::string line_;
  bool gone_ = false;
};

}  // namespace

async::Task<Result<void>> copy_output(ApiClient& api, Io& io, OutputCopy copy) {
  Copier copier(api, io, std::move(copy));
  co_return co_await copier.run();
}

}  // namespace skrei::cli
