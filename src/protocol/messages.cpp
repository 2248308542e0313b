// SPDX-License-Identifier: Apache-2.0
#include "protocol/messages.hpp"

#include <algorithm>
#include <array>

namespace skrei::protocol {

std::string_view to_string(RefusalKind kind) {
  return kind == RefusalKind::Never ? "never" : "not_now";
}

std::string join_sentences(const std::vector<Reason>& reasons) {
  std::string text;
  for (const Reason& reason : reasons) {
    if (!text.empty()) text += "; ";
    text += reason.sentence;
  }
  return text;
}

RefusalKind kind_of(const std::vector<Reason>& reasons) {
  const bool never = std::ranges::any_of(
      reasons, [](const Reason& reason) { return reason.kind == RefusalKind::Never; });
  return never ? RefusalKind::Never : RefusalKind::NotNow;
}

std::string_view name_of(const Message& message) {
  constexpr std::array<std::string_view, std::variant_size_v<Message>> kNames = {
      "Offer",  "Award",       "Cancel",   "OutcomeAck", "HeartbeatAnswer",
      "Hello",  "Considering", "Bid",      "Refusal",    "AwardRefused",
      "Report", "Outcome",     "Heartbeat"};
  return kNames[message.index()];
}

Half addressee(const Message& message) {
  static_assert(std::is_same_v<std::variant_alternative_t<6, Message>, Considering>,
                "the first six messages are for the compute half");
  return message.index() < 6 ? Half::Compute : Half::Requester;
}

}  // namespace skrei::protocol
