#include "cli/jobs.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/number.h"
#include "cli/longest_chain.h"
#include "sys/time.h"

namespace oklo::cli {

namespace {

constexpr std::string_view kKind = "search";
constexpr std::string_view kFrailKind = "search-once";  // one that is not run again

constexpr std::string_view kStates[] = {"asked", "waits", "runs", "done", "failed"};
constexpr std::string_view kFates[] = {"well", "crash-once", "crash"};

std::optional<JobFate> fate_of(std::string_view word) {
  for (size_t i = 0; i < std::size(kFates); i++)
    if (kFates[i] == word) return static_cast<JobFate>(i);
  return std::nullopt;
}

std::string_view text_of(TaskRefusal why) {
  if (why == TaskRefusal::full) return "full";
  return why == TaskRefusal::stopping ? "stopping" : "no memory";
}

std::string json_of(const Job& job) {
  JsonObject object;
  object.number("id", static_cast<uint64_t>(job.id))
      .text("state", kStates[static_cast<size_t>(job.state)])
      .text("fate", kFates[static_cast<size_t>(job.fate)])
      .number("seconds", job.seconds)
      .number("attempt", job.attempt)
      .number("worker", job.task_worker)
      .number("percent", job.percent)
      .number("looked", job.looked_at)
      .number("best", job.best)
      .number("steps", job.steps)
      .text("why", job.why);
  return object.end();
}

void answer_json(Response& response, int status, JsonObject& object) {
  response.status(status);
  response.header("Cache-Control", "no-store");
  response.json(object.end());
}

// A page of another origin may not start anything (W3C Fetch Metadata); who is no browser may.
bool is_foreign(const Request& request) {
  std::string_view from = request.header("Sec-Fetch-Site");
  return !from.empty() && from != "same-origin" && from != "none";
}

bool is_to_crash(const Job& job) {
  bool falls = job.fate == JobFate::crash || (job.fate == JobFate::crash_once && job.attempt == 1);
  return falls && job.percent >= 50;
}

}  // namespace

void Jobs::add_to(Router& site, const std::string& path) {
  site.get(path + "/events", [this](const Request&, Response& response) { listen(response); });
  site.post(path + "/:fate/:seconds",
            [this](const Request& request, Response& response) { start(request, response); });
}

void Jobs::add_to(Server& server) {
  constexpr uint32_t kLongest = 3 * kSecondsMax * 1000;
  auto run = [this](Task& task) { this->run(task); };
  server.task(kKind, run, {.on_death = TaskOnDeath::retry, .attempts = kAttempts, .timeout_ms = kLongest});
  server.task(kFrailKind, run, {.timeout_ms = kLongest});
}

void Jobs::on_worker_start() {
  int64_t own = generation();
  for (int64_t known = newest_.get(); known < own; known = newest_.get())
    newest_.compare_exchange(known, own);
}

// ---------------------------------------------------------------- asking

// What is not there before the task is accepted could be told of by its task worker, and what is shown before
// could be refused; so it is there, and not shown.
void Jobs::start(const Request& request, Response& response) {
  std::optional<JobFate> fate = fate_of(request.param("fate"));
  std::optional<uint64_t> seconds = parse_decimal(request.param("seconds"));
  if (!fate || !seconds || *seconds == 0 || *seconds > kSecondsMax) return response.fail(404);
  if (is_foreign(request)) return response.fail(403);
  std::optional<Job> job = table_.add(*fate, static_cast<uint32_t>(*seconds));
  if (!job) return answer_json(response, 503, JsonObject().text("why", "full"));
  std::string_view kind = *fate == JobFate::crash ? kFrailKind : kKind;
  TaskStarted started =
      task(kind, decimal(static_cast<uint64_t>(job->id)),
           [this, id = job->id](const TaskOutcome& outcome) { end(id, outcome); });
  if (!started) {
    table_.forget(job->id);
    return answer_json(response, 503, JsonObject().text("why", text_of(started.why)));
  }
  table_.change(job->id, [](Job& now) {
    if (now.state == JobState::asked) now.state = JobState::waits;
  });
  answer_json(response, 202, JsonObject().number("id", static_cast<uint64_t>(job->id)));
}

// One that went well has told so itself.
void Jobs::end(int64_t id, const TaskOutcome& outcome) {
  if (outcome) return;
  table_.change(id, [&outcome](Job& job) {
    job.state = JobState::failed;
    job.why = outcome.reason;
  });
}

// ---------------------------------------------------------------- running, in a task worker

void Jobs::run(Task& task) {
  int64_t id = static_cast<int64_t>(parse_decimal(task.bytes()).value_or(0));
  LongestChain chain;
  for (uint64_t start_ms = sys::monotonic_ms();;) {
    uint64_t now_ms = sys::monotonic_ms();
    std::optional<Job> job = table_.change(id, [&](Job& of) {
      of.percent = static_cast<uint32_t>(std::min<uint64_t>((now_ms - start_ms) / 10 / of.seconds, 100));
      of.state = of.percent == 100 ? JobState::done : JobState::runs;
      of.attempt = task.attempt();
      of.task_worker = worker_number() - worker_count();
      of.looked_at = chain.looked_at();
      of.best = chain.best();
      of.steps = chain.steps();
      of.told_ms = now_ms;
    });
    if (!job) return task.fail("nobody knows it any more");
    if (job->is_over()) return task.finish({});
    if (is_to_crash(*job)) std::abort();
    while (sys::monotonic_ms() < now_ms + kTurnMs) chain.look_at(1000);
  }
}

// ---------------------------------------------------------------- showing

void Jobs::listen(Response& response) {
  RequestId id = response.events();
  if (!id) return;
  std::vector<std::string> shown;
  for (const Job& job : table_.all())
    if (job.state != JobState::asked) shown.push_back(json_of(job));
  JsonObject all;
  all.number("worker", worker_number()).number("workers", worker_count()).number("generation", generation());
  all.number("taskWorkers", kTaskWorkers).number("max", kUnderWayMax).json("jobs", json_array(shown));
  response.event({.data = all.end(), .name = "all", .retry_ms = kComeBackMs});
  streams_.push_back(id);
  if (!timer_) timer_ = every(kLookMs, [this] { look(); });
}

// With nobody who listens it ends.
void Jobs::look() {
  if (newest_.get() > static_cast<int64_t>(generation())) end_streams();
  std::vector<Job> jobs = table_.all();
  find_silent(jobs);
  std::vector<std::string> changed;
  std::map<int64_t, int64_t> before = std::exchange(sent_, {});
  for (const Job& job : jobs) {
    if (job.state == JobState::asked) continue;
    sent_[job.id] = job.change;
    auto known = before.find(job.id);
    if (known == before.end() || known->second != job.change) changed.push_back(json_of(job));
  }
  if (!changed.empty() || ++quiet_looks_ > kQuietLooksMax) send(json_array(changed));
  if (streams_.empty()) cancel(std::exchange(timer_, {}));
}

// Who has left is forgotten.
void Jobs::send(const std::string& jobs) {
  quiet_looks_ = 0;
  std::erase_if(streams_, [&jobs](RequestId id) {
    return !answer(id, [&jobs](Response& response) { response.event({.data = jobs, .name = "jobs"}); });
  });
}

void Jobs::end_streams() {
  for (RequestId id : std::exchange(streams_, {})) answer(id, [](Response& response) { response.end(); });
}

// The task worker died for the last time, and so did the worker that would have heard of it.
void Jobs::find_silent(std::vector<Job>& jobs) {
  uint64_t now_ms = sys::monotonic_ms();
  for (Job& job : jobs) {
    if (job.state != JobState::runs || now_ms < job.told_ms + kSilentMs) continue;
    std::optional<Job> now = table_.change(job.id, [&job](Job& of) {
      if (of.change != job.change) return;
      of.state = JobState::failed;
      of.why = "nothing was heard of it";
    });
    if (now) job = *now;
  }
}

}  // namespace oklo::cli
