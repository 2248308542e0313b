// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/command.hpp"

// The makers of all commands, one per source file of the same name.

namespace skrei::cli {

std::unique_ptr<Command> make_serve();
std::unique_ptr<Command> make_wasm_run();
std::unique_ptr<Command> make_job_run();
std::unique_ptr<Command> make_job_rerun();
std::unique_ptr<Command> make_job_validate();
std::unique_ptr<Command> make_job_list();
std::unique_ptr<Command> make_job_describe();
std::unique_ptr<Command> make_job_executions();
std::unique_ptr<Command> make_job_history();
std::unique_ptr<Command> make_job_versions();
std::unique_ptr<Command> make_job_logs();
std::unique_ptr<Command> make_job_wait();
std::unique_ptr<Command> make_job_stop();
std::unique_ptr<Command> make_job_get();
std::unique_ptr<Command> make_data_add();
std::unique_ptr<Command> make_data_get();
std::unique_ptr<Command> make_data_cat();
std::unique_ptr<Command> make_data_ls();
std::unique_ptr<Command> make_data_stat();
std::unique_ptr<Command> make_node_list();
std::unique_ptr<Command> make_node_describe();
std::unique_ptr<Command> make_agent_alive();
std::unique_ptr<Command> make_agent_version();
std::unique_ptr<Command> make_agent_node();
std::unique_ptr<Command> make_agent_config();
std::unique_ptr<Command> make_config_list();
std::unique_ptr<Command> make_config_explain();
std::unique_ptr<Command> make_config_set();
std::unique_ptr<Command> make_completion();
std::unique_ptr<Command> make_manual();
std::unique_ptr<Command> make_complete();
std::unique_ptr<Command> make_backup();
std::unique_ptr<Command> make_restore();
std::unique_ptr<Command> make_version();

}  // namespace skrei::cli
