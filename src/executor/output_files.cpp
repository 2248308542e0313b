// SPDX-License-Identifier: Apache-2.0
#include "executor/output_files.hpp"

#include <algorithm>

#include "async/sleep.hpp"
#include "executor/execution_file.hpp"

namespace skrei::executor {
namespace {

Result<OutputChunk> read_now(const std::filesystem::path& executions,
                             const OutputRequest& request) {
  TRY_ASSIGN(const auto file, ExecutionFile::open_to_read(executions, request.id));
  // Asked before the stream is read: what was written until the end is then in the stream.
  TRY_ASSIGN(const auto exit, file.read_exit());
  TRY_ASSIGN(const auto reader, file.reader(request.source));
  const Framing framing = exit ? Framing::Exact : request.framing;
  TRY_ASSIGN(auto chunk, reader.read(request.offset, request.max_bytes, framing));
  if (!exit || chunk.end_of_stream) return chunk;
  // The end of the execution is the end of its streams.
  TRY_ASSIGN(const std::uint64_t written, reader.written());
  chunk.end_of_stream = chunk.next_offset() == written;
  if (request.framing == Framing::WholeCharacters && !chunk.end_of_stream) {
    return reader.read(request.offset, request.max_bytes, request.framing);
  }
  return chunk;
}

}  // namespace

async::Task<Result<OutputChunk>> OutputFiles::read(OutputRequest request) {
  const auto look = [&] {
    return read_now(executions_, request);
  };
  co_return co_await async::blocking(pool_, look);
}

async::Task<Result<OutputChunk>> OutputFiles::follow(OutputRequest request) {
  const auto look = [&] {
    return read_now(executions_, request);
  };
  Duration pause = pace_.first;
  while (true) {
    CO_TRY_ASSIGN(OutputChunk chunk, co_await async::blocking(pool_, look));
    if (!chunk.bytes.empty() || chunk.dropped || chunk.end_of_stream) co_return chunk;
    CO_TRY(co_await async::sleep_for(pause));
    pause = std::min(pause * 2, pace_.slowest);
  }
}

}  // namespace skrei::executor
