#include "cli/job_table.h"

#include <algorithm>

#include "base/number.h"

namespace oklo::cli {

namespace {

std::string key_of(int64_t id) { return decimal(static_cast<uint64_t>(id)); }

template <class To>
To small(const TableRow& row, std::string_view column) {
  return static_cast<To>(row.integer(column));
}

Job job_of(const TableRow& row) {
  Job job;
  job.id = row.integer("id");
  job.state = small<JobState>(row, "state");
  job.fate = small<JobFate>(row, "fate");
  job.seconds = small<uint32_t>(row, "seconds");
  job.attempt = small<uint32_t>(row, "attempt");
  job.task_worker = small<uint32_t>(row, "task_worker");
  job.percent = small<uint32_t>(row, "percent");
  job.looked_at = small<uint64_t>(row, "looked_at");
  job.best = small<uint64_t>(row, "best");
  job.steps = small<uint32_t>(row, "steps");
  job.told_ms = small<uint64_t>(row, "told_ms");
  job.change = row.integer("change");
  job.why = row.text("why");
  return job;
}

}  // namespace

JobTable::JobTable()
    : table_({.rows = kJobsMax,
              .columns = {{"id"}, {"state"}, {"fate"}, {"seconds"}, {"attempt"}, {"task_worker"}, {"percent"},
                          {"looked_at"}, {"best"}, {"steps"}, {"told_ms"}, {"change"},
                          {"why", ColumnType::text, kWhyBytesMax}}}) {}

std::string JobTable::error() const {
  std::string of_numbers = ids_.ok() ? changes_.error() : ids_.error();
  std::string rest = lock_.ok() ? of_numbers : lock_.error();
  return table_.ok() ? rest : table_.error();
}

Stored JobTable::store(Job& job) {
  job.change = changes_.add();
  job.why.resize(std::min<size_t>(job.why.size(), kWhyBytesMax));
  return table_.set(key_of(job.id), {{"id", job.id},
                                     {"state", static_cast<int>(job.state)},
                                     {"fate", static_cast<int>(job.fate)},
                                     {"seconds", job.seconds},
                                     {"attempt", job.attempt},
                                     {"task_worker", job.task_worker},
                                     {"percent", job.percent},
                                     {"looked_at", job.looked_at},
                                     {"best", job.best},
                                     {"steps", job.steps},
                                     {"told_ms", job.told_ms},
                                     {"change", job.change},
                                     {"why", job.why}});
}

std::optional<Job> JobTable::add(JobFate fate, uint32_t seconds) {
  Lock::Guard guard(lock_);
  if (!make_room()) return std::nullopt;
  Job job;
  job.id = ids_.add();
  job.fate = fate;
  job.seconds = seconds;
  if (store(job) != Stored::yes) return std::nullopt;
  return job;
}

// One that was only asked for belongs to a process that died over it.
bool JobTable::make_room() {
  if (table_.size() < table_.capacity()) return true;
  for (const Job& job : all()) {
    if (!job.is_over() && job.state != JobState::asked) continue;
    return table_.erase(key_of(job.id));
  }
  return false;
}

std::optional<Job> JobTable::change(int64_t id, const Function<void(Job&)>& change) {
  Lock::Guard guard(lock_);
  std::optional<TableRow> row = table_.get(key_of(id));
  if (!row) return std::nullopt;
  Job job = job_of(*row);
  change(job);
  store(job);
  return job;
}

void JobTable::forget(int64_t id) {
  Lock::Guard guard(lock_);
  table_.erase(key_of(id));
}

std::vector<Job> JobTable::all() const {
  std::vector<Job> jobs;
  table_.for_each([&jobs](const TableRow& row) { jobs.push_back(job_of(row)); });
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.id < b.id; });
  return jobs;
}

}  // namespace oklo::cli
