// SPDX-License-Identifier: Apache-2.0
#include "executor/wasm/supervisor_protocol.hpp"

#include <algorithm>

#include "executor/execution_file.hpp"
#include "executor/record.hpp"

namespace skrei::executor::wasm {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kTextBytesMin = 4;  // A text's length.

void put(RecordWriter& out, const std::vector<std::string>& texts) {
  out.u32(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts)
    out.text(text);
}

std::vector<std::string> get_texts(RecordReader& in) {
  std::vector<std::string> texts(in.count(kTextBytesMin));
  for (std::string& text : texts)
    text = in.text();
  return texts;
}

void put(RecordWriter& out, const ProgramKey& key) {
  for (const std::uint8_t byte : key)
    out.u8(byte);
}

ProgramKey get_key(RecordReader& in) {
  ProgramKey key{};
  for (std::uint8_t& byte : key)
    byte = in.u8();
  return key;
}

void put(RecordWriter& out, const Limits& limits) {
  out.u64(limits.memory_bytes);
  out.u64(limits.disk_bytes);
  out.i64(limits.cpu_time.count());
  out.i64(limits.wall_time.count());
  out.u64(limits.output_bytes);
}

Limits get_limits(RecordReader& in) {
  Limits limits;
  limits.memory_bytes = in.u64();
  limits.disk_bytes = in.u64();
  limits.cpu_time = std::chrono::microseconds(in.i64());
  limits.wall_time = std::chrono::microseconds(in.i64());
  limits.output_bytes = in.u64();
  return limits;
}

void put(RecordWriter& out, const Hello& hello) {
  out.u32(hello.protocol);
  out.u64(hello.pid);
}

void put(RecordWriter& out, const LoadProgram& load) {
  out.u32(load.request);
  put(out, load.key);
  out.text(load.entrypoint);
  put(out, load.imports);
}

void put(RecordWriter& out, const StartProgram& start) {
  out.u32(start.request);
  out.text(start.id.str());
  put(out, start.program);
  put(out, start.args);
  out.u32(static_cast<std::uint32_t>(start.env.size()));
  for (const auto& [name, value] : start.env) {
    out.text(name);
    out.text(value);
  }
  out.u32(static_cast<std::uint32_t>(start.folders.size()));
  for (const GuestFolder& folder : start.folders) {
    out.text(folder.guest_path);
    out.text(folder.host_path);
    out.u8(folder.access == Access::ReadWrite ? 1 : 0);
    out.u8(folder.own ? 1 : 0);
  }
  put(out, start.limits);
}

void put(RecordWriter& out, const CancelProgram& cancel) {
  out.u32(cancel.request);
  out.text(cancel.id.str());
  out.text(cancel.reason);
}

void put(RecordWriter& out, const ListRunning& list) {
  out.u32(list.request);
}

void put(RecordWriter& out, const Shutdown& shutdown) {
  out.u32(shutdown.request);
}

void put(RecordWriter& out, const Reply& reply) {
  out.u32(reply.request);
  out.u8(static_cast<std::uint8_t>(reply.status));
  out.u8(static_cast<std::uint8_t>(reply.code));
  out.text(reply.message);
}

void put(RecordWriter& out, const Running& running) {
  out.u32(running.request);
  out.u32(static_cast<std::uint32_t>(running.ids.size()));
  for (const ExecutionId& id : running.ids)
    out.text(id.str());
}

void put(RecordWriter& out, const Ended& ended) {
  out.text(ended.id.str());
  put_exit(out, ended.exit);
}

StartProgram get_start(RecordReader& in) {
  StartProgram start;
  start.request = in.u32();
  start.id = ExecutionId(in.text());
  start.program = get_key(in);
  start.args = get_texts(in);
  start.env.resize(in.count(2 * kTextBytesMin));
  for (auto& [name, value] : start.env) {
    name = in.text();
    value = in.text();
  }
  start.folders.resize(in.count(2 * kTextBytesMin + 2));
  for (GuestFolder& folder : start.folders) {
    folder.guest_path = in.text();
    folder.host_path = in.text();
    folder.access = in.below(2) == 1 ? Access::ReadWrite : Access::ReadOnly;
    folder.own = in.below(2) == 1;
  }
  start.limits = get_limits(in);
  return start;
}

Reply get_reply(RecordReader& in) {
  Reply reply;
  reply.request = in.u32();
  reply.status = static_cast<Reply::Status>(in.below(3));
  reply.code = static_cast<Code>(in.below(static_cast<std::uint8_t>(Code::Internal) + 1));
  reply.message = in.text();
  return reply;
}

Running get_running(RecordReader& in) {
  Running running{.request = in.u32(), .ids = {}};
  running.ids.resize(in.count(kTextBytesMin));
  for (ExecutionId& id : running.ids)
    id = ExecutionId(in.text());
  return running;
}

LoadProgram get_load(RecordReader& in) {
  LoadProgram load;
  load.request = in.u32();
  load.key = get_key(in);
  load.entrypoint = in.text();
  load.imports = get_texts(in);
  return load;
}

/// By the variant's index, which is the kind on the wire.
Message get_message(std::uint8_t kind, RecordReader& in) {
  switch (kind) {
    case 0: {
      const std::uint32_t protocol = in.u32();
      return Hello{protocol, in.u64()};
    }
    case 1:
      return get_load(in);
    case 2:
      return get_start(in);
    case 3: {
      const std::uint32_t request = in.u32();
      ExecutionId id(in.text());
      return CancelProgram{request, std::move(id), in.text()};
    }
    case 4:
      return ListRunning{in.u32()};
    case 5:
      return Shutdown{in.u32()};
    case 6:
      return get_reply(in);
    case 7:
      return get_running(in);
    default: {
      ExecutionId id(in.text());
      return Ended{std::move(id), get_exit(in)};
    }
  }
}

}  // namespace

Result<Bytes> encode(const Message& message) {
  RecordWriter out;
  out.u32(0);
  out.u8(static_cast<std::uint8_t>(message.index()));
  std::visit([&](const auto& one) { put(out, one); }, message);
  Bytes frame = out.take();
  const std::size_t length = frame.size() - kLengthBytes;
  if (length > kMessageBytesMax) {
    return fail(Code::InvalidArgument,
                "arguments, environment and paths of a WASM program take {} bytes; at most {} fit",
                length, kMessageBytesMax);
  }
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    frame[i] = static_cast<std::uint8_t>(length >> (8 * i));
  return frame;
}

Result<Message> decode(ByteView body) {
  RecordReader in(body);
  const std::uint8_t kind = in.below(std::variant_size_v<Message>);
  Message message = get_message(kind, in);
  TRY(in.finish("message of the WASM supervisor"));
  return message;
}

void FrameBuffer::append(ByteView bytes) {
  if (begin_ > 0) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<Bytes>> FrameBuffer::next() {
  const ByteView rest = ByteView(bytes_).subspan(begin_);
  if (rest.size() < kLengthBytes) return std::nullopt;
  const std::size_t length = RecordReader(rest.first(kLengthBytes)).u32();
  if (length > kMessageBytesMax) {
    return fail(Code::InvalidArgument, "message of the WASM supervisor: {} bytes long, at most {}",
                length, kMessageBytesMax);
  }
  if (rest.size() < kLengthBytes + length) return std::nullopt;
  begin_ += kLengthBytes + length;
  return to_bytes(rest.subspan(kLengthBytes, length));
}

std::string socket_name(std::string_view fingerprint) {
  return fmt::format("wasm-{}-{}.sock", kProtocolVersion, fingerprint.substr(0, 16));
}

bool is_socket_name(std::string_view name) {
  return name.starts_with(fmt::format("wasm-{}-", kProtocolVersion)) && name.ends_with(".sock");
}

}  // namespace skrei::executor::wasm
