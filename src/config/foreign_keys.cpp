// SPDX-License-Identifier: Apache-2.0
#include "config/foreign_keys.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/nearest_word.hpp"
#include "config/table.hpp"

namespace skrei::config {
namespace {

// Of v1.9.3. Leaving these out changes nothing that its owner counts on.
constexpr std::array<std::string_view, 23> kHarmlessForeign{
    "DisableAnalytics",
    "Engines.Types.Docker.",
    "FeatureFlags",
    "InputSources.MaxRetryCount",
    "Compute.Heartbeat.InfoUpdateInterval",
    "Compute.Heartbeat.ResourceUpdateInterval",
    "Compute.Network.",
    "Compute.Orchestrators",
    "Logging.LogDebugInfoInterval",
    "NameProvider",
    "Orchestrator.Advertise",
    "Orchestrator.Cluster.",
    "Orchestrator.EvaluationBroker.",
    "Orchestrator.Host",
    "Orchestrator.NodeManager.DisconnectTimeout",
    "Orchestrator.Port",
    "Orchestrator.Scheduler.",
    "Publishers.Types.Local.",
    "Publishers.Types.S3.",
    "ResultDownloaders.",
    "StrictVersionMatch",
    "UpdateConfig.",
    "WebUI.Backend"};

// Of v1.9.3. Whoever sets these counts on what they do.
constexpr std::array<std::string_view, 12> kForeign{"API.Auth.",
                                                    "API.TLS.",
                                                    "Compute.Auth.",
                                                    "Compute.TLS.",
                                                    "InputSources.Types.",
                                                    "JobDefaults.",
                                                    "Orchestrator.Auth.",
                                                    "Orchestrator.NodeManager.ManualApproval",
                                                    "Orchestrator.SupportReverseProxy",
                                                    "Orchestrator.TLS.",
                                                    "Publishers.Types.",
                                                    "WebUI."};

bool is_below(std::string_view key, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    return name.ends_with('.') ? equal_ignoring_case(key.substr(0, name.size()), name)
                               : equal_ignoring_case(key, name);
  });
}

}  // namespace

bool is_harmless_foreign_key(std::string_view key) {
  return is_below(key, kHarmlessForeign);
}

bool is_foreign_key(std::string_view key) {
  return is_below(key, kForeign) || is_below(key, kHarmlessForeign);
}

}  // namespace skrei::config
