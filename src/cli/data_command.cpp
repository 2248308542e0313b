// SPDX-License-Identifier: Apache-2.0
#include "cli/data_command.hpp"

#include "async/deadline.hpp"
#include "cli/settings.hpp"
#include "config/settings.hpp"
#include "json/json.hpp"

namespace skrei::cli {
namespace {

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "0.0.0.0" ||
         host == "::";
}

}  // namespace

async::Task<Result<int>> DataCommand::work(Session& session) {
  CO_TRY(check());
  const auto alive = co_await async::with_deadline(session.api.get("agent/alive"),
                                                   std::chrono::seconds(5), "asking the node");
  if (alive) {
    const auto content = api_content(session.loop, session.pool, session.api);
    co_return co_await work_on(session, *content);
  }
  if (!is_retryable(alive.error().code) || !is_this_machine(session.config.text("API.Host"))) {
    co_return fail(alive.error());
  }
  auto content = direct_content(config::expand_home(session.config.text("DataDir"), home_folder()),
                                session.pool);
  if (!content) {
    Error error = content.error();
    if (error.hint.empty()) {
      error.hint = fmt::format("no node answers at {} either; --api-port says where it listens",
                               session.api.address());
    }
    co_return fail(std::move(error));
  }
  co_return co_await work_on(session, **content);
}

}  // namespace skrei::cli
