#include <oklo/co.h>

#include <utility>

#include "base/assert.h"
#include "server/co_root.h"
#include "server/coroutines.h"

namespace oklo {

namespace co {

namespace {

Waiter nobody{[](Waiter&) noexcept -> Handle { return std::noop_coroutine(); }};

}  // namespace

void Frame::unhandled_exception() const noexcept {
  OKLO_ASSERT(false && "an exception has left a coroutine");
  __builtin_unreachable();
}

// The one that ends last goes on with the parent; those that end while they begin leave it to `wait`.
Join::Join() noexcept
    : Waiter{[](Waiter& self) noexcept -> Handle {
        Join& join = static_cast<Join&>(self);
        return --join.left_ == 0 ? join.parent_ : std::noop_coroutine();
      }} {}

// It is called here, and not transferred to, so that the stack does not grow where a loop awaits coroutines
// that never wait: not every build makes tail calls of transfers.
void Join::begin(Handle child, Frame& frame) {
  OKLO_ASSERT(child && !frame.waiter_ && "a Co is awaited, or spawned, once");
  frame.waiter_ = &nobody;
  child.resume();
  if (child.done()) return;
  frame.waiter_ = this;
  left_++;
}

bool Join::wait(Handle parent) {
  parent_ = parent;
  return --left_ > 0;
}

// The child may live longer, when it has a name.
void Join::forget(Frame& frame) noexcept {
  if (frame.waiter_ == this) frame.waiter_ = &nobody;
}

}  // namespace co

void spawn(Co<void> coroutine) { co::Root::start(std::move(coroutine)); }

// ---------------------------------------------------------------- time

void Sleep::await_suspend(co::Handle coroutine) {
  waiting_ = coroutine;
  timer_ = after(ms_, [this] { co::resume(std::exchange(waiting_, nullptr)); });
}

Sleep::~Sleep() {
  if (waiting_) cancel(timer_);
}

// ---------------------------------------------------------------- tasks

static_assert(int(TaskAnswer::State::done) == int(TaskState::done));
static_assert(int(TaskAnswer::State::failed) == int(TaskState::failed));
static_assert(int(TaskAnswer::State::died) == int(TaskState::died));
static_assert(int(TaskAnswer::State::stopped) == int(TaskState::stopped));
static_assert(int(TaskAnswer::State::timed_out) == int(TaskState::timed_out));

static std::string_view reason_of(TaskRefusal why) {
  switch (why) {
    case TaskRefusal::none: return "";
    case TaskRefusal::full: return "the queue of tasks is full";
    case TaskRefusal::unknown_name: return "no kind of tasks has that name";
    case TaskRefusal::too_large: return "it has more bytes than a task may";
    case TaskRefusal::no_memory: return "there is no memory for it";
    case TaskRefusal::no_task_workers: return "there are no task workers";
    case TaskRefusal::stopping: return "the service stops";
  }
  return "";
}

TaskWait::TaskWait(std::string_view name, std::string_view bytes, uint64_t timeout_ms) {
  uint64_t ticket = co::Coroutines::current().add(*this);
  TaskStarted started = task(name, bytes, [ticket](const TaskOutcome& outcome) {
    co::Coroutines::current().tell(ticket, outcome);
  });
  answer_.id = started.id;
  answer_.refusal = started.why;
  if (!started) {
    answer_.state = TaskAnswer::State::refused;
    answer_.reason = reason_of(started.why);
    co::Coroutines::current().forget(ticket);
    return;
  }
  ticket_ = ticket;
  if (!timeout_ms) return;
  timer_ = after(timeout_ms, [this] {
    answer_.reason = "it had not ended in time";
    end();
  });
}

TaskWait::~TaskWait() {
  if (!ticket_) return;
  co::Coroutines::current().forget(ticket_);
  if (timer_) cancel(timer_);
}

// What comes later finds no ticket.
void TaskWait::end() {
  co::Coroutines::current().forget(std::exchange(ticket_, 0));
  if (timer_) cancel(timer_);
  if (waiting_) co::resume(waiting_);
}

}  // namespace oklo
