#include "bench/run.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "base/number.h"
#include "bench/load.h"
#include "sys/process.h"
#include "sys/thread.h"
#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::bench {

namespace {

constexpr uint64_t kOtherFiles = 64;  // what the process has open beside the connections
constexpr uint64_t kProgressMs = 1000;
constexpr uint64_t kStartMs = 5;  // from one look whether the load has begun to the next

Result<void> allow_files(const Plan& plan, size_t threads) {
  uint64_t connections = uint64_t{plan.connections} + plan.idle_connections + plan.slow_connections;
  uint64_t wanted = connections + threads + kOtherFiles;
  uint64_t limit = sys::raise_file_limit(wanted);
  if (limit >= wanted) return {};
  return Error{0, "this process may have " + decimal(limit) + " files open, and so many connections need " +
                      decimal(wanted) + "; see ulimit -n"};
}

// The loads, each with its thread once they run.
class Crew {
 public:
  Crew(const Plan& plan, unsigned threads)
      : plan_(plan), messages_(plan), threads_(threads), start_(threads) {}

  Result<void> prepare();
  Result<void> run(const Function<void(const Progress&)>& progress);
  Outcome outcome() const;

 private:
  bool wait_until(uint64_t ms);
  void wait(const Function<void(const Progress&)>& progress);
  Progress progress() const;

  const Plan& plan_;
  Messages messages_;
  std::vector<std::unique_ptr<Load>> loads_;
  unsigned threads_;
  Start start_;
  std::atomic<bool> stop_ = false;
};

Result<void> Crew::prepare() {
  for (unsigned part = 0; part < threads_; part++) {
    Result<std::unique_ptr<Load>> load = Load::create(plan_, messages_, part, threads_);
    if (!load) return load.error();
    loads_.push_back(std::move(load).value());
  }
  return {};
}

// The threads are waited for at its end.
Result<void> Crew::run(const Function<void(const Progress&)>& progress) {
  std::vector<sys::Thread> threads;
  for (const std::unique_ptr<Load>& load : loads_) {
    Result<sys::Thread> thread =
        sys::Thread::start("load", [this, own = load.get()] { own->run(start_, stop_); });
    if (!thread) {
      stop_ = true;
      return thread.error();
    }
    threads.push_back(std::move(thread).value());
  }
  wait(progress);
  return {};
}

// False: it is to end early.
bool Crew::wait_until(uint64_t ms) {
  if (plan_.stop_fd < 0) sys::wait_until(ms);
  else stop_ = sys::wait_readable(plan_.stop_fd, ms) == 0;
  return !stop_;
}

void Crew::wait(const Function<void(const Progress&)>& progress) {
  while (start_.ns() == 0)
    if (!wait_until(sys::monotonic_ms() + kStartMs)) return;
  uint64_t next_ms = start_.ns() / 1'000'000, end_ms = next_ms + plan_.duration_ms;
  while (next_ms < end_ms) {
    next_ms = std::min(next_ms + kProgressMs, end_ms);
    if (!wait_until(next_ms)) return;
    if (progress) progress(this->progress());
  }
}

Progress Crew::progress() const {
  Progress now;
  now.seconds = static_cast<double>(sys::monotonic_ns() - start_.ns()) / 1e9;
  for (const std::unique_ptr<Load>& load : loads_) {
    now.answers += load->tally().answers();
    now.errors += load->tally().errors();
  }
  return now;
}

Outcome Crew::outcome() const {
  Outcome outcome;
  for (const std::unique_ptr<Load>& load : loads_) {
    load->tally().add_to(outcome);
    outcome.busy = std::max(outcome.busy, load->busy());
    outcome.wanted = std::max(outcome.wanted, load->wanted());
    outcome.seconds = std::max(outcome.seconds, load->seconds());
  }
  return outcome;
}

}  // namespace

Result<Outcome> run(const Plan& plan, const Function<void(const Progress&)>& progress) {
  unsigned threads = std::clamp(plan.threads, 1u, std::max(plan.connections, 1u));
  if (Result<void> allowed = allow_files(plan, threads); !allowed) return allowed.error();
  Crew crew(plan, threads);
  if (Result<void> prepared = crew.prepare(); !prepared) return prepared.error();
  if (Result<void> done = crew.run(progress); !done) return done.error();
  return crew.outcome();
}

}  // namespace oklo::bench
