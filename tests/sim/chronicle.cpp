// SPDX-License-Identifier: Apache-2.0
#include "sim/chronicle.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

namespace skrei::sim {
namespace {

/// One step of wyhash's kind: a product of 128 bits, folded.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

void fill(Happening& told, const protocol::Offer& message) {
  told.job = &message.job->id;
  told.offer = &message.id;
  told.number = static_cast<std::uint64_t>(message.partition_index);
}
void fill(Happening& told, const protocol::Award& message) {
  told.job = &message.job->id;
  told.execution = &message.execution;
  told.offer = &message.offer;
  told.number = message.epoch;
}
void fill(Happening& told, const protocol::Heartbeat& message) {
  told.number = message.sequence;
}
void fill(Happening& told, const protocol::HeartbeatAnswer& message) {
  told.number = message.sequence;
}
void fill(Happening& told, const protocol::Hello& message) {
  told.number = message.awarded.size();
}
/// The other messages name an execution, or else an offer.
template <class Content>
void fill(Happening& told, const Content& message) {
  if constexpr (requires { message.execution; }) {
    told.execution = &message.execution;
    told.number = message.epoch;
    if constexpr (requires { message.revision; }) told.number = message.revision;
  } else {
    told.offer = &message.offer;
  }
}

std::string node_name(std::size_t node) {
  return node == kNobody ? std::string() : fmt::format("n-{}", node);
}

/// "e-1b671a64": ids as short as readers need them.
template <class Id>
std::string short_form(const Id& id) {
  constexpr std::size_t kShown = 10;
  return id.empty() ? std::string() : " " + id.str().substr(0, kShown);
}

}  // namespace

Happening told_by(const protocol::Message& message) {
  Happening told;
  told.what = protocol::name_of(message);
  std::visit([&](const auto& content) { fill(told, content); }, message);
  return told;
}

void Chronicle::mix(std::uint64_t value) {
  hash_ = fold(hash_ ^ value, 0xa0761d6478bd642f);
}

void Chronicle::mix(std::string_view text) {
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    mix(word);
    text.remove_prefix(sizeof word);
  }
  std::uint64_t rest = text.size();
  for (const char c : text)
    rest = (rest << 8) | static_cast<unsigned char>(c);
  mix(rest);
}

void Chronicle::note(const Happening& happening, std::string_view detail) {
  ++size_;
  mix(static_cast<std::uint64_t>(agenda_.now().count()));
  mix(happening.what);
  mix(happening.node * 0x10001 + happening.peer);
  if (happening.job) mix(happening.job->str());
  if (happening.execution) mix(happening.execution->str());
  if (happening.offer) mix(happening.offer->str());
  mix(happening.number);
  if (keep_ == Keep::Hash) return;
  Line line;
  line.time = agenda_.now();
  line.what = happening.what;
  line.node = happening.node;
  line.peer = happening.peer;
  if (happening.job) line.job = *happening.job;
  if (happening.execution) line.execution = *happening.execution;
  if (happening.offer) line.offer = *happening.offer;
  line.number = happening.number;
  line.detail = detail;
  lines_.push_back(std::move(line));
}

std::string Chronicle::text_of(const Line& line) {
  const double seconds = std::chrono::duration<double>(line.time).count();
  std::string who = node_name(line.node);
  if (line.peer != kNobody) who += " -> " + node_name(line.peer);
  std::string text =
      fmt::format("{:14.6f}  {:<12}  {}{}{}{}", seconds, who, line.what, short_form(line.job),
                  short_form(line.execution), short_form(line.offer));
  if (line.number > 0) text += fmt::format(" #{}", line.number);
  if (!line.detail.empty()) text += ": " + line.detail;
  return text;
}

std::vector<std::string> Chronicle::about(const JobId& job, const ExecutionId& execution,
                                          std::size_t node, std::size_t max) const {
  // An offer or an execution belongs to the job that it was once named together with.
  std::set<ExecutionId> executions;
  std::set<OfferId> offers;
  std::set<std::size_t> nodes;
  if (node != kNobody) nodes.insert(node);
  if (!execution.empty()) executions.insert(execution);
  for (const Line& line : lines_) {
    if (job.empty() || line.job != job) continue;
    if (!line.execution.empty()) executions.insert(line.execution);
    if (!line.offer.empty()) offers.insert(line.offer);
  }
  for (const Line& line : lines_) {
    if (line.execution.empty() || !executions.contains(line.execution)) continue;
    if (line.node != kNobody) nodes.insert(line.node);
    if (line.peer != kNobody) nodes.insert(line.peer);
  }
  std::vector<std::string> chosen;
  for (const Line& line : lines_) {
    const bool nameless = line.job.empty() && line.execution.empty() && line.offer.empty();
    const bool is_word = nameless && line.peer == kNobody;
    const bool wanted = (!line.job.empty() && line.job == job) ||
                        executions.contains(line.execution) || offers.contains(line.offer) ||
                        (is_word && (line.node == kNobody || nodes.contains(line.node)));
    if (wanted) chosen.push_back(text_of(line));
  }
  if (chosen.size() > max) {
    const std::size_t left_out = chosen.size() - max;
    chosen.erase(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(left_out));
    chosen.insert(chosen.begin(), fmt::format("… {} before", left_out));
  }
  return chosen;
}

}  // namespace skrei::sim
