// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"

namespace skrei::cli {

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  for (const auto make :
       {make_serve,         make_wasm_run,     make_job_run,        make_job_rerun,
        make_job_validate,  make_job_list,     make_job_describe,   make_job_executions,
        make_job_history,   make_job_versions, make_job_logs,       make_job_wait,
        make_job_stop,      make_job_get,      make_data_add,       make_data_get,
        make_data_cat,      make_data_ls,      make_data_stat,      make_node_list,
        make_node_describe, make_agent_alive,  make_agent_version,  make_agent_node,
        make_agent_config,  make_config_list,  make_config_explain, make_config_set,
        make_completion,    make_manual,       make_backup,         make_restore,
        make_version,       make_complete}) {
    commands.push_back(make());
  }
  return commands;
}

}  // namespace skrei::cli
