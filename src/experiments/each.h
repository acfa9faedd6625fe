#pragma once

#include "experiments/experiment.h"

// One function for each experiment; the file of the same name tells what goes wrong, why, and what mends it.
namespace oklo::experiments {

Result<Outcome> second_client_waits();
Result<Outcome> select_1024();
Result<Outcome> thundering_herd();
Result<Outcome> exclusive_skew();
Result<Outcome> reuseport_reload();
Result<Outcome> emfile_spin();
Result<Outcome> zombies();
Result<Outcome> reused_fd();
Result<Outcome> lost_edge();
Result<Outcome> slow_reader();
Result<Outcome> blocking_handler();
Result<Outcome> ways_to_talk();

}  // namespace oklo::experiments
