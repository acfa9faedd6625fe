#pragma once

#include "models/model.h"

namespace oklo::models {

// One for each model, in the file of its name.
Result<void> run_blocking(Stage& stage);
Result<void> run_fork_per_connection(Stage& stage);
Result<void> run_prefork(Stage& stage);
Result<void> run_leader_follower(Stage& stage);
Result<void> run_thread_per_connection(Stage& stage);
Result<void> run_select(Stage& stage);
Result<void> run_poll(Stage& stage);
Result<void> run_epoll_level(Stage& stage);
Result<void> run_epoll_edge(Stage& stage);
Result<void> run_half_sync_half_async(Stage& stage);
Result<void> run_reactor_threads(Stage& stage);
Result<void> run_prefork_reactor(Stage& stage);
Result<void> run_prefork_reactor_exclusive(Stage& stage);
Result<void> run_prefork_reactor_lock(Stage& stage);
Result<void> run_prefork_reactor_reuseport(Stage& stage);
Result<void> run_master_hands_out(Stage& stage);
Result<void> run_daemon(Stage& stage);
Result<void> run_signals(Stage& stage);

}  // namespace oklo::models
