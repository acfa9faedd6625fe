#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/job_table.h"

#include <oklo/router.h>
#include <oklo/server.h>
#include <oklo/worker.h>

namespace oklo::cli {

// The slow jobs of the demo: who visits its page starts one, task workers run it, and every page that is open
// sees how far it is. It is made in the master and outlives the server.
//
// POST PATH/FATE/SECONDS starts a job: well, crash-once or crash; 202 with its id, or 503 with `why`. GET
// PATH/events is a stream of server-sent events. `all` comes first: who serves this stream, and all jobs.
// `jobs` has those that have changed since, or none after a second without a change: a page that hears
// nothing for longer looks for another worker. A stream ends when new workers are there; the browser asks
// again by itself, and comes to one of those.
//
// How far a job is stands in shared memory, where its task worker writes and the workers look while somebody
// listens: so it is nothing to them who asked for it, and whether that one still lives.
class Jobs {
 public:
  static constexpr unsigned kTaskWorkers = 2;
  static constexpr uint32_t kUnderWayMax = 8;
  static constexpr uint32_t kSecondsMax = 10;  // of one job

  // Empty, or why there is no memory.
  std::string error() const { return table_.error().empty() ? newest_.error() : table_.error(); }

  void add_to(Router& site, const std::string& path);
  void add_to(Server& server);
  // In each worker, when it serves.
  void on_worker_start();

 private:
  static constexpr uint32_t kTurnMs = 100;      // how often a job tells how far it is
  static constexpr uint32_t kLookMs = 150;
  static constexpr uint32_t kQuietLooksMax = 1000 / kLookMs;
  static constexpr uint32_t kComeBackMs = 200;  // when a stream has ended
  static constexpr uint32_t kSilentMs = 15'000;  // then nobody runs it, or is about to
  static constexpr unsigned kAttempts = 3;

  void start(const Request& request, Response& response);
  void listen(Response& response);
  void look();
  void send(const std::string& jobs);
  void end_streams();
  void find_silent(std::vector<Job>& jobs);

  void run(Task& task);
  void end(int64_t id, const TaskOutcome& outcome);

  JobTable table_;
  Atomic newest_;  // generation of workers
  // Of each worker.
  std::vector<RequestId> streams_;
  std::map<int64_t, int64_t> sent_;  // the last change of each job that the streams know
  TimerId timer_;
  uint32_t quiet_looks_ = 0;
};

}  // namespace oklo::cli
