// SPDX-License-Identifier: Apache-2.0
#include "cli/local_node.hpp"

#include <cstdlib>

#include <unistd.h>

#include "base/log.hpp"
#include "cli/job_follower.hpp"
#include "cli/settings.hpp"
#include "config/settings.hpp"
#include "content/export.hpp"
#include "node/log_sink.hpp"
#include "node/node.hpp"

namespace skrei::cli {
namespace {

constexpr Duration kGrace = std::chrono::seconds(1);

Result<std::filesystem::path> make_folder() {
  std::error_code error;
  std::filesystem::path base = std::filesystem::temp_directory_path(error);
  if (error) return fail(errno_error(error.value(), "temporary folder"));
  std::string name = (base / "skrei-local-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return fail_errno(base.string());
  return std::filesystem::path(name);
}

/// The settings of the command line, but for a node that nobody else uses.
Result<config::NodeSettings> local_settings(const Session& session,
                                            const std::filesystem::path& folder) {
  TRY_ASSIGN(config::NodeSettings settings, config::node_settings(session.config, home_folder()));
  settings.data_dir = folder;
  settings.api.host = "127.0.0.1";
  settings.api.port = 0;
  settings.orchestrator.enabled = true;
  settings.compute.enabled = true;
  return settings;
}

async::Task<Result<int>> run_on(Session& session, LocalWork& work,
                                const std::filesystem::path& folder) {
  // Its diary is of no use to somebody who wants one result; what goes wrong is.
  node::install_log(node::LogFormat::Readable, log::Level::Error);
  CO_TRY_ASSIGN(config::NodeSettings settings, local_settings(session, folder));
  async::Signals signals(session.loop, kFollowSignals);
  CO_TRY_ASSIGN(const auto node,
                co_await node::Node::start(session.loop, {.settings = std::move(settings),
                                                          .lifetime = node::Lifetime::Throwaway,
                                                          .program = "/proc/self/exe"}));
  Result<int> code = fail(Code::Internal, "the local node has no address");
  if (auto base = base_url({.host = node->api_host(), .port = node->api_port()}); base) {
    ApiClient api(session.loop, *std::move(base));
    Session local{session.io, session.config, session.loop, session.pool, api};
    code = co_await work(local, signals);
  } else {
    code = fail(base.error());
  }
  co_await node->stop(kGrace);
  co_return code;
}

}  // namespace

async::Task<Result<int>> with_local_node(Session& session, LocalWork work) {
  CO_TRY_ASSIGN(const std::filesystem::path folder, make_folder());
  Result<int> code = co_await run_on(session, work, folder);
  if (const auto removed = content::remove_tree(folder); !removed) {
    session.io.complain({removed.error().code, removed.error().message,
                         fmt::format("remove {} by hand", folder.string())});
  }
  co_return code;
}

}  // namespace skrei::cli
