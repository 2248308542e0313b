// SPDX-License-Identifier: Apache-2.0
#include "native/p2p_host.hpp"

#include <utility>

#include "native/native_error.hpp"
#include "skrei_p2p.h"

namespace skrei::native {

static_assert(std::to_underlying(P2pEventKind::Failed) ==
              std::to_underlying(SkreiP2pEventKind::Failed));

namespace {

std::vector<SkreiSlice> to_slices(const std::vector<std::string>& texts) {
  std::vector<SkreiSlice> slices;
  for (const auto& text : texts)
    slices.push_back(to_slice(text));
  return slices;
}

std::uint32_t to_ms(std::chrono::milliseconds duration) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(duration.count(), 0, UINT32_MAX));
}

}  // namespace

void P2pHost::Closer::operator()(SkreiP2pHost* host) const {
  skrei_p2p_close(host);
}

Result<P2pHost> P2pHost::start(const P2pHostOptions& options) {
  const auto listen = to_slices(options.listen);
  const auto stream_protocols = to_slices(options.stream_protocols);
  const SkreiP2pConfig config{
      .struct_size = sizeof(SkreiP2pConfig),
      .secret_key = to_slice(ByteView(options.secret_key)),
      .listen = listen.data(),
      .listen_len = listen.size(),
      .stream_protocols = stream_protocols.data(),
      .stream_protocols_len = stream_protocols.size(),
      .kad_protocol = to_slice(options.kad_protocol),
      .agent = to_slice(options.agent),
      .connections_max = options.connections_max,
      .connections_per_peer_max = options.connections_per_peer_max,
      .commands_max = options.commands_max,
      .events_max = options.events_max,
      .inbound_streams_max = options.inbound_streams_max,
      .idle_timeout_ms = to_ms(options.idle_timeout),
      .dial_timeout_ms = to_ms(options.dial_timeout),
  };
  SkreiP2pHost* host = nullptr;
  TRY(call([&](SkreiError* error) { return skrei_p2p_start(&config, &host, error); }));
  return P2pHost(host);
}

std::string_view P2pHost::peer_id() const {
  return to_text(skrei_p2p_peer_id(handle_.get()));
}

int P2pHost::event_fd() const {
  return skrei_p2p_event_fd(handle_.get());
}

std::optional<P2pEvent> P2pHost::next_event() {
  const std::unique_ptr<SkreiP2pEvent, decltype(&skrei_p2p_event_free)> event(
      skrei_p2p_next_event(handle_.get()), &skrei_p2p_event_free);
  if (!event) return std::nullopt;
  P2pEvent out{
      .kind = static_cast<P2pEventKind>(std::to_underlying(event->kind)),
      .request = event->request,
      .count = event->count,
      .peer = std::string(to_text(event->peer)),
      .text = std::string(to_text(event->text)),
      .data = to_bytes(to_view(event->data)),
      .fd = UniqueFd(skrei_p2p_event_take_fd(event.get())),
  };
  if (event->status != SkreiStatus::Ok) out.result = fail(Error{to_code(event->status), out.text});
  return out;
}

Result<void> P2pHost::dial(std::uint64_t request, std::string_view address) {
  return call([&](SkreiError* error) {
    return skrei_p2p_dial(handle_.get(), request, to_slice(address), error);
  });
}

Result<void> P2pHost::disconnect(std::uint64_t request, std::string_view peer) {
  return call([&](SkreiError* error) {
    return skrei_p2p_disconnect(handle_.get(), request, to_slice(peer), error);
  });
}

Result<void> P2pHost::open_stream(std::uint64_t request, std::string_view peer,
                                  std::string_view protocol) {
  return call([&](SkreiError* error) {
    return skrei_p2p_open_stream(handle_.get(), request, to_slice(peer), to_slice(protocol), error);
  });
}

Result<void> P2pHost::subscribe(std::uint64_t request, std::string_view topic) {
  return call([&](SkreiError* error) {
    return skrei_p2p_subscribe(handle_.get(), request, to_slice(topic), error);
  });
}

Result<void> P2pHost::unsubscribe(std::uint64_t request, std::string_view topic) {
  return call([&](SkreiError* error) {
    return skrei_p2p_unsubscribe(handle_.get(), request, to_slice(topic), error);
  });
}

Result<void> P2pHost::publish(std::uint64_t request, std::string_view topic, ByteView data) {
  return call([&](SkreiError* error) {
    return skrei_p2p_publish(handle_.get(), request, to_slice(topic), to_slice(data), error);
  });
}

}  // namespace skrei::native
