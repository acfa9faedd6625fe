#include "shm/task_table.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace oklo {

namespace {

constexpr size_t kPage = 4096;

constexpr size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

int64_t TaskCounts::lost() const {
  uint64_t there = queued + running;
  for (uint64_t one : ended) there += one;
  return static_cast<int64_t>(accepted - there);
}

// ---------------------------------------------------------------- making, and what stands where

Result<TaskTable> TaskTable::create(TaskTableOptions options) {
  OKLO_ASSERT(options.records > 0 && options.records <= kRecordsMax && options.bytes_max <= kBytesMax);
  if (options.lives + 1 >= 1u << kLifeBits) return Error{0, "too many processes for task workers"};
  size_t bytes = aligned(sizeof(Header)) + aligned(options.lives * sizeof(Sleeper)) +
                 aligned(options.records * sizeof(Mark)) + options.records * sizeof(Record);
  Result<sys::Memory> memory = sys::Memory::allocate_shared(bytes);
  if (!memory) return std::move(memory).error();
  Result<sys::MemoryFile> file = sys::MemoryFile::create("oklo tasks");
  if (!file) return std::move(file).error();
  uint32_t lives = options.lives;
  TaskTable made(std::move(options), std::move(memory).value(), std::move(file).value());
  for (uint32_t i = 0; i < lives; i++) {
    Result<sys::EventFd> bell = sys::EventFd::create();
    if (!bell) return std::move(bell).error();
    made.bells_.push_back(std::move(bell).value());
  }
  return made;
}

TaskTable::TaskTable(TaskTableOptions options, sys::Memory memory, sys::MemoryFile file)
    : options_(std::move(options)),
      memory_(std::move(memory)),
      marks_at_(aligned(sizeof(Header)) + aligned(options_.lives * sizeof(Sleeper))),
      file_(std::move(file)) {}

void TaskTable::add_fds(std::vector<int>& to) const {
  to.push_back(file_.fd());
  for (const sys::EventFd& bell : bells_) to.push_back(bell.fd());
}

std::optional<uint32_t> TaskTable::find_kind(std::string_view name) const {
  for (uint32_t i = 0; i < options_.kinds.size(); i++)
    if (options_.kinds[i].name == name) return i;
  return std::nullopt;
}

uint32_t TaskTable::word(Stage stage, uint32_t life, uint32_t generation) {
  return static_cast<uint32_t>(stage) << (kLifeBits + kGenerationBits) | life << kGenerationBits | generation;
}

TaskTable::Stage TaskTable::stage_of(uint32_t word) {
  return static_cast<Stage>(word >> (kLifeBits + kGenerationBits));
}

uint32_t TaskTable::life_of(uint32_t word) { return word >> kGenerationBits & ((1u << kLifeBits) - 1); }

uint32_t TaskTable::generation_of(uint32_t word) { return word & ((1u << kGenerationBits) - 1); }

TaskTable::Sleeper& TaskTable::sleeper(uint32_t life) const {
  return reinterpret_cast<Sleeper*>(memory_.data() + aligned(sizeof(Header)))[life];
}

TaskTable::Record& TaskTable::record(uint32_t index) const {
  char* start = reinterpret_cast<char*>(&mark(0)) + aligned(options_.records * sizeof(Mark));
  return reinterpret_cast<Record*>(start)[index];
}

uint64_t TaskTable::ended_of(const Verdict& verdict) {
  uint64_t sum = 0;
  for (uint64_t of_one_end : verdict.totals) sum += of_one_end;
  return sum;
}

// Whether a task of that record was accepted and has not ended.
bool TaskTable::is_under_way(uint32_t index) const {
  const Record& one = record(index);
  return one.accepted.value() > ended_of(one.verdict.value());
}

uint64_t TaskTable::area(uint32_t record, bool of_result) const {
  uint64_t bytes = (uint64_t{options_.bytes_max} + kPage - 1) / kPage * kPage;
  return (uint64_t{record} * 2 + of_result) * bytes;
}

bool TaskTable::exchange(uint32_t index, uint32_t from, uint32_t to) {
  return mark(index).word.compare_exchange_strong(from, to);
}

// ---------------------------------------------------------------- asking

std::optional<TaskRef> TaskTable::hold(uint32_t life) {
  const Mark* marks = this->marks();
  uint32_t index = next_;
  for (uint32_t i = 0; i < options_.records; i++, index++) {
    if (index == options_.records) index = 0;
    uint32_t now = marks[index].word.load(std::memory_order_relaxed);
    if (stage_of(now) != Stage::free) continue;
    uint32_t generation = generation_of(now + 1);
    if (!exchange(index, now, word(Stage::held, life, generation))) continue;
    next_ = index;
    return TaskRef{index, generation};
  }
  return std::nullopt;
}

// The task is accepted when `accepted` is set, whatever becomes of this process. Who stops the service may
// have looked at this record before it was queued; then it is dropped here.
uint32_t TaskTable::submit(TaskRef ref, uint32_t life, uint32_t kind, std::string_view bytes) {
  OKLO_ASSERT(bytes.size() <= options_.bytes_max && kind < options_.kinds.size());
  Record& one = record(ref.record);
  one.bytes = static_cast<uint32_t>(bytes.size());
  if (file_.write(bytes, area(ref.record, false)) < 0) {
    free_held(ref);
    return 0;
  }
  one.kind = kind;
  one.deaths = 0;
  one.overdue = 0;
  one.asker = life;
  uint32_t ticket = ++header().tickets;
  while (ticket == 0) ticket = ++header().tickets;
  mark(ref.record).ticket = ticket;
  one.accepted.set(one.accepted.value() + 1);
  uint32_t queued = word(Stage::queued, 0, ref.generation);
  mark(ref.record).word = queued;
  if (stopping()) drop(ref.record, queued, life);
  else ring_one();
  return ticket;
}

std::optional<TaskResult> TaskTable::result_of(TaskRef ref) const {
  if (mark(ref.record).word != word(Stage::decided, 0, ref.generation)) return std::nullopt;
  Verdict verdict = record(ref.record).verdict.value();
  return TaskResult{static_cast<TaskEnd>(verdict.end), verdict.bytes};
}

bool TaskTable::read_result(TaskRef ref, std::string& out) const {
  out.resize(record(ref.record).verdict.value().bytes);
  return file_.read(out.data(), out.size(), area(ref.record, true)) >= 0;
}

void TaskTable::release(TaskRef ref, uint32_t life) {
  uint32_t decided = word(Stage::decided, 0, ref.generation);
  if (exchange(ref.record, decided, word(Stage::held, life, ref.generation)))
    free_held(ref);
}

void TaskTable::give_back(uint32_t record, bool of_result, uint64_t bytes) {
  if (bytes > kKeptBytes) file_.give_back(area(record, of_result) + kKeptBytes, bytes - kKeptBytes);
}

// Who dies in between leaves what the next one needs to do the same again.
void TaskTable::free_held(TaskRef ref) {
  Record& one = record(ref.record);
  give_back(ref.record, false, one.bytes);
  give_back(ref.record, true, one.verdict.value().bytes);
  one.bytes = 0;
  mark(ref.record).word = word(Stage::free, 0, ref.generation);
  tell_room();
}

void TaskTable::want_room(uint32_t life) {
  sleeper(life).wants_room = true;
  look_for_room();
}

void TaskTable::got_room(uint32_t life) { sleeper(life).wants_room = false; }

void TaskTable::look_for_room() {
  header().room_is_wanted = true;
  if (has_room()) tell_room();
}

// Who wants room says so until it has heard: this process may die before it rings.
void TaskTable::tell_room() {
  if (!header().room_is_wanted || !header().room_is_wanted.exchange(false)) return;
  for (uint32_t life = 0; life < options_.lives; life++)
    if (sleeper(life).wants_room) bells_[life].ring();
}

// ---------------------------------------------------------------- running

void TaskTable::begin_serving(uint32_t life) { sleeper(life).serves = true; }

// A ring that it got and will not follow is for another.
void TaskTable::end_serving(uint32_t life) {
  sleeper(life).serves = false;
  sleeper(life).idle = false;
  if (any_queued()) ring_one();
}

// What was queued after the last look is younger than all that was seen then, but for what is queued again.
std::optional<TaskRef> TaskTable::take(uint32_t life) {
  sleeper(life).idle = false;
  if (header().queued_again != seen_again_) seen_.clear();
  while (!seen_.empty() || look_for_queued()) {
    Seen oldest = seen_.back();
    seen_.pop_back();
    uint32_t generation = generation_of(oldest.word);
    if (exchange(oldest.record, oldest.word, word(Stage::running, life, generation)))
      return TaskRef{oldest.record, generation};
  }
  return std::nullopt;
}

// The oldest of those that are queued, the very oldest last. Tickets wrap around, so the older one is that
// from which the other is less than half a round away. A ticket is read behind the word that it belongs to.
bool TaskTable::look_for_queued() {
  auto is_older = [](const Seen& a, const Seen& b) { return static_cast<int32_t>(a.ticket - b.ticket) < 0; };
  seen_again_ = header().queued_again;
  const Mark* marks = this->marks();
  for (uint32_t i = 0; i < options_.records; i++) {
    uint32_t now = marks[i].word.load(std::memory_order_acquire);
    if (stage_of(now) != Stage::queued) continue;
    Seen one = {i, now, marks[i].ticket.load(std::memory_order_relaxed)};
    if (seen_.size() == kSeenMax) {
      if (!is_older(one, seen_.front())) continue;
      std::pop_heap(seen_.begin(), seen_.end(), is_older);
      seen_.pop_back();
    }
    seen_.push_back(one);
    std::push_heap(seen_.begin(), seen_.end(), is_older);
  }
  std::sort(seen_.begin(), seen_.end(), [&](const Seen& a, const Seen& b) { return is_older(b, a); });
  return !seen_.empty();
}

TaskInfo TaskTable::info(TaskRef ref) const {
  const Record& one = record(ref.record);
  return {mark(ref.record).ticket, one.kind, one.deaths + 1, one.bytes};
}

bool TaskTable::read_bytes(TaskRef ref, std::string& out) const {
  out.resize(record(ref.record).bytes);
  return file_.read(out.data(), out.size(), area(ref.record, false)) >= 0;
}

bool TaskTable::decide(TaskRef ref, uint32_t life, TaskEnd end, std::string_view bytes) {
  OKLO_ASSERT(bytes.size() <= options_.bytes_max);
  if (file_.write(bytes, area(ref.record, true)) < 0) {
    give_back(ref.record, true, bytes.size());
    return false;
  }
  settle(ref.record, end, static_cast<uint32_t>(bytes.size()));
  mark(ref.record).word = word(Stage::decided, 0, ref.generation);
  uint32_t asker = record(ref.record).asker;
  if (asker == kNobody) release(ref, life);
  else bells_[asker].ring();
  return true;
}

// From here on it has ended, whatever becomes of this process.
void TaskTable::settle(uint32_t index, TaskEnd end, uint32_t bytes) {
  Record& one = record(index);
  Verdict verdict = one.verdict.value();
  verdict.totals[static_cast<size_t>(end)]++;
  verdict.end = static_cast<uint32_t>(end);
  verdict.bytes = bytes;
  one.verdict.set(verdict);
}

// Who says that it sleeps looks once more: a task that came before was not announced.
bool TaskTable::may_sleep(uint32_t life) {
  sleeper(life).idle = true;
  if (!any_queued()) return true;
  sleeper(life).idle = false;
  return false;
}

// A table may have many records, and is looked through for each task.
bool TaskTable::has_any(Stage stage) const {
  const Mark* marks = this->marks();
  return std::any_of(marks, marks + options_.records,
                     [stage](const Mark& mark) { return stage_of(mark.word) == stage; });
}

void TaskTable::ring_one() {
  for (uint32_t life = 0; life < options_.lives; life++)
    if (sleeper(life).idle && sleeper(life).idle.exchange(false)) return bells_[life].ring();
}

void TaskTable::ring_serving() {
  for (uint32_t life = 0; life < options_.lives; life++)
    if (sleeper(life).serves) bells_[life].ring();
}

// ---------------------------------------------------------------- judging

TaskTable::Judged TaskTable::end_life(uint32_t life) {
  Judged judged;
  if (life != master()) sleeper(life).serves = sleeper(life).idle = sleeper(life).wants_room = false;
  for (uint32_t i = 0; i < options_.records; i++) {
    uint32_t dead = life;
    record(i).asker.compare_exchange_strong(dead, kNobody);
    uint32_t now = mark(i).word;
    bool its_own = life_of(now) == life;
    if (its_own && stage_of(now) == Stage::held) judge_held(i, now);
    else if (its_own && stage_of(now) == Stage::running) judge_running(i, now, judged);
  }
  wake();
  return judged;
}

// It was being filled, or freed.
void TaskTable::judge_held(uint32_t index, uint32_t now) {
  if (is_under_way(index)) queue_again(index, now);
  else free_held({index, generation_of(now)});
}

// The dead may have been writing its result.
void TaskTable::judge_running(uint32_t index, uint32_t now, Judged& judged) {
  uint32_t generation = generation_of(now);
  if (is_under_way(index)) {
    give_back(index, true, options_.bytes_max);
    TaskEnd end = end_by_death(index, generation);
    if (end == TaskEnd::count) {
      judged.retried++;
      header().retried++;
      return queue_again(index, now);
    }
    judged.died += end == TaskEnd::died;
    settle(index, end, 0);
  }
  mark(index).word = word(Stage::decided, 0, generation);
}

// How a task ends whose worker died; count: it does not, and is run again.
TaskEnd TaskTable::end_by_death(uint32_t index, uint32_t generation) {
  Record& one = record(index);
  const TaskKind& kind = options_.kinds[one.kind];
  one.deaths++;
  if (one.overdue == generation + 1) return TaskEnd::timed_out;
  if (!kind.retries || one.deaths >= kind.attempts) return TaskEnd::died;
  return stopping() ? TaskEnd::stopped : TaskEnd::count;
}

void TaskTable::queue_again(uint32_t index, uint32_t now) {
  uint32_t queued = word(Stage::queued, 0, generation_of(now));
  mark(index).word = queued;
  header().queued_again++;
  if (stopping()) drop(index, queued, master());
}

// It will not be run.
void TaskTable::drop(uint32_t index, uint32_t queued, uint32_t by) {
  TaskRef ref = {index, generation_of(queued)};
  if (!exchange(index, queued, word(Stage::running, by, ref.generation))) return;
  bool dropped = decide(ref, by, TaskEnd::stopped, {});
  OKLO_ASSERT(dropped);
}

void TaskTable::time_out(TaskRef ref) { record(ref.record).overdue = ref.generation + 1; }

uint32_t TaskTable::stop() {
  if (header().stopping.exchange(true)) return 0;
  uint64_t before = counts().ended[static_cast<size_t>(TaskEnd::stopped)];
  drop_queued();
  return static_cast<uint32_t>(counts().ended[static_cast<size_t>(TaskEnd::stopped)] - before);
}

void TaskTable::drop_queued() {
  for (uint32_t i = 0; i < options_.records; i++)
    if (uint32_t now = mark(i).word; stage_of(now) == Stage::queued) drop(i, now, master());
}

// Who queued a task while the service began to stop, and was to drop it, may have died before it could.
void TaskTable::wake() {
  if (stopping()) drop_queued();
  tell_ends();
  if (any_queued()) ring_serving();
  for (uint32_t life = 0; life < options_.lives; life++)
    if (sleeper(life).wants_room) return look_for_room();
}

// That of who is gone is of no more use.
void TaskTable::tell_ends() {
  std::vector<bool> waits(options_.lives);
  for (uint32_t i = 0; i < options_.records; i++) {
    uint32_t now = mark(i).word;
    if (stage_of(now) != Stage::decided) continue;
    uint32_t asker = record(i).asker;
    if (asker == kNobody) release({i, generation_of(now)}, master());
    else waits[asker] = true;
  }
  for (uint32_t life = 0; life < options_.lives; life++)
    if (waits[life]) bells_[life].ring();
}

// ---------------------------------------------------------------- counting

// What changes while it is read is read again: a task may not be seen as neither here nor there.
TaskCounts TaskTable::counts() const {
  TaskCounts sum = header().before.value();
  sum.retried += header().retried;
  for (uint32_t i = 0; i < options_.records; i++) {
    uint32_t now, again;
    uint64_t accepted;
    Verdict verdict;
    do {
      now = mark(i).word;
      accepted = record(i).accepted.value();
      verdict = record(i).verdict.value();
      again = mark(i).word;
    } while (now != again);
    for (size_t end = 0; end < std::size(verdict.totals); end++) sum.ended[end] += verdict.totals[end];
    sum.accepted += accepted;
    if (accepted <= ended_of(verdict)) continue;
    bool is_queued = stage_of(now) == Stage::queued || stage_of(now) == Stage::held;
    sum.queued += is_queued;
    sum.running += stage_of(now) == Stage::running;
  }
  return sum;
}

}  // namespace oklo
