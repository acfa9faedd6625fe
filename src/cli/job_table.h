#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/function.h>
#include <oklo/shared.h>
#include <oklo/table.h>

namespace oklo::cli {

enum class JobState : uint8_t { asked, waits, runs, done, failed };

// How the process that runs it is to fare.
enum class JobFate : uint8_t { well, crash_once, crash };

// A slow job of the demo.
struct Job {
  int64_t id = 0;
  JobState state = JobState::asked;
  JobFate fate = JobFate::well;
  uint32_t seconds = 0;
  uint32_t attempt = 0;      // 0: it has not begun
  uint32_t task_worker = 0;  // that runs it, or ran it last
  uint32_t percent = 0;
  uint64_t looked_at = 0;    // LongestChain
  uint64_t best = 0;
  uint32_t steps = 0;
  uint64_t told_ms = 0;      // when something was told of it
  int64_t change = 0;        // grows with each change of any job
  std::string why;           // of one that failed

  bool is_over() const { return state == JobState::done || state == JobState::failed; }
};

// The jobs of the demo, in memory that all processes share: who asks for one writes it there, the task worker
// that runs it tells there how far it is, and whoever shows them looks there. The last ones stay for a while.
class JobTable {
 public:
  static constexpr uint32_t kJobsMax = 32;
  static constexpr uint32_t kWhyBytesMax = 60;

  JobTable();

  // Empty, or why there is no memory.
  std::string error() const;

  // Takes it in with an id of its own, in the place of the oldest that is over. Nothing when none is.
  std::optional<Job> add(JobFate fate, uint32_t seconds);

  // Changes one, if it is there, while nobody else does; how it is then.
  std::optional<Job> change(int64_t id, const Function<void(Job&)>& change);
  void forget(int64_t id);

  // All, the oldest first.
  std::vector<Job> all() const;

 private:
  Stored store(Job& job);
  bool make_room();

  Table table_;
  Lock lock_;  // who changes holds it
  Atomic ids_;
  Atomic changes_;
};

}  // namespace oklo::cli
