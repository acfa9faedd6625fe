#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <oklo/function.h>
#include <oklo/task.h>
#include <oklo/worker.h>

namespace oklo {

template <class T = void>
class Co;

// How coroutines hang together; programs need none of it.
namespace co {

using Handle = std::coroutine_handle<>;
class Coroutines;
class Join;
class Root;
class StreamCore;

// Who is told that a coroutine has ended, and says which one goes on then.
struct Waiter {
  Handle (*on_end)(Waiter& self) noexcept = nullptr;
};

// What a coroutine keeps beside its locals: 8 bytes, and its value.
class Frame {
 public:
  struct Last {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    Handle await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      Waiter& waiter = *ended.promise().waiter_;
      return waiter.on_end(waiter);
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Last final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept;

 private:
  friend class Join;
  friend class Root;
  Waiter* waiter_ = nullptr;  // nullptr: it has not begun
};

template <class T>
struct Promise : Frame {
  Co<T> get_return_object() noexcept;
  template <class U = T>
    requires std::is_constructible_v<T, U&&>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  std::optional<T> value;
};

template <>
struct Promise<void> : Frame {
  Co<void> get_return_object() noexcept;
  void return_void() const noexcept {}
};

// The wait for coroutines that this one awaits. They are run to their first wait at once; when all have ended
// by then, there is nothing to wait for.
class Join : private Waiter {
 public:
  Join(const Join&) = delete;
  bool await_ready() const noexcept { return false; }

 protected:
  Join() noexcept;
  ~Join() = default;
  void begin(Handle child, Frame& frame);
  bool wait(Handle parent);  // false: none of them waits
  void forget(Frame& frame) noexcept;

 private:
  Handle parent_;
  size_t left_ = 1;  // with one for the time in which they begin
};

template <class T>
class [[nodiscard]] Await : public Join {
 public:
  explicit Await(std::coroutine_handle<Promise<T>> child) noexcept : child_(child) {}
  ~Await() { forget(child_.promise()); }
  bool await_suspend(Handle parent) {
    begin(child_, child_.promise());
    return wait(parent);
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*child_.promise().value);
  }

 private:
  std::coroutine_handle<Promise<T>> child_;
};

}  // namespace co

// A coroutine: a function whose result is a Co<T> and that uses co_await or co_return. It is called in a
// worker, as handlers are, and while it waits for something the worker does other things; so it reads like a
// program that has a thread of its own, but has none.
//
//   oklo::Co<std::string> greet(std::string name) {
//     co_await oklo::sleep_ms(100);
//     co_return "hello, " + name;
//   }
//
// The call makes it and runs nothing. It begins when another coroutine awaits it, which gets its value,
// moved, or when it is given to spawn; each at most once. It is owned by the Co: when that dies before it has
// ended, it ends where it waits, its locals are destroyed, the last one first, and what it awaits is given
// up. An exception that leaves it ends the process.
//
// What it refers to must live as long as it. Its parameters do, when they are taken by value: take strings,
// not views; and of a lambda, the captures live in the lambda, so that must stay (spawn keeps it).
// g++ 12 destroys a lambda with captures, or an aggregate, twice when it is made within an expression with
// co_await: give it a name first.
template <class T>
class [[nodiscard("a coroutine does nothing until it is awaited, or given to oklo::spawn")]] Co {
  static_assert(!std::is_reference_v<T>, "a coroutine gives values");

 public:
  using promise_type = co::Promise<T>;

  Co(Co&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Co& operator=(Co&& other) noexcept {
    Co old(std::exchange(frame_, nullptr));
    frame_ = std::exchange(other.frame_, nullptr);
    return *this;
  }
  ~Co() {
    if (frame_) frame_.destroy();
  }

  // For co_await. To await one that has begun, or was moved away, is a bug and ends the process.
  co::Await<T> operator co_await() noexcept { return co::Await<T>(frame_); }

 private:
  friend promise_type;
  friend class co::Root;
  template <size_t N>
  friend class All;
  explicit Co(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
Co<T> co::Promise<T>::get_return_object() noexcept {
  return Co<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Co<void> co::Promise<void>::get_return_object() noexcept {
  return Co<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// A Function<void(...)> that is given a coroutine would make it and throw it away.
template <class T>
inline constexpr bool result_may_be_lost<Co<T>> = false;

// Begins a coroutine that nobody awaits: it runs to its first wait before this returns, and lives until it
// ends. No worker that leaves waits for it, and its locals are not destroyed then; of those that belong to a
// connection or a request see Stream and HttpCall. From wherever the functions of <oklo/worker.h> may be
// called.
void spawn(Co<void> coroutine);

namespace co {
template <class F>
Co<void> hold(F function) {
  co_await function();
}
}  // namespace co

// The same for a function, such as a lambda with captures, that gives a coroutine; it is kept as long as that
// lives.
template <class F>
  requires std::is_same_v<std::invoke_result_t<F&>, Co<void>>
void spawn(F function) {
  spawn(co::hold(std::move(function)));
}

// What `all` gives.
template <size_t N>
class [[nodiscard]] All : public co::Join {
 public:
  template <class... Cos>
  explicit All(Cos&&... coroutines) noexcept : coroutines_{std::move(coroutines)...} {}
  bool await_suspend(co::Handle parent) {
    for (Co<void>& one : coroutines_) begin(one.frame_, one.frame_.promise());
    return wait(parent);
  }
  void await_resume() const noexcept {}

 private:
  std::array<Co<void>, N> coroutines_;
};

// For co_await: runs coroutines at the same time, and goes on when all have ended.
template <class... Cos>
  requires(sizeof...(Cos) > 0 && (std::is_same_v<Cos, Co<void>> && ...))
All<sizeof...(Cos)> all(Cos... coroutines) {
  return All<sizeof...(Cos)>(std::move(coroutines)...);
}

// What sleep_ms gives.
class [[nodiscard]] Sleep {
 public:
  explicit Sleep(uint64_t ms) noexcept : ms_(ms) {}
  Sleep(const Sleep&) = delete;
  ~Sleep();
  bool await_ready() const noexcept { return false; }
  void await_suspend(co::Handle coroutine);
  void await_resume() const noexcept {}

 private:
  uint64_t ms_;
  co::Handle waiting_;
  TimerId timer_;
};

// For co_await: goes on so many milliseconds after the beginning of this turn of the Reactor, never earlier;
// with 0 after the other events of this turn. It is not called sleep, as that of the C library would compile,
// too, and hold up the worker.
inline Sleep sleep_ms(uint64_t ms) noexcept { return Sleep(ms); }

// How a task ended, for a coroutine that waited for it.
struct TaskAnswer {
  enum class State : uint8_t {
    done,       // its handler finished it, or returned: `bytes` is the result
    failed,     // as TaskState says of this one and the next three; `reason` says why
    died,
    stopped,
    timed_out,  // it ran for longer than TaskOptions::timeout_ms
    late,       // it had not ended when the time to wait was over; what it gives is dropped
    refused,    // it was not accepted: `refusal`
  };
  State state = State::late;
  TaskRefusal refusal = TaskRefusal::none;
  TaskId id = {};
  std::string bytes = {};
  std::string reason = {};  // a sentence, of one that is not done
  explicit operator bool() const { return state == State::done; }
};

// What taskwait gives.
class [[nodiscard]] TaskWait {
 public:
  TaskWait(std::string_view name, std::string_view bytes, uint64_t timeout_ms);
  TaskWait(const TaskWait&) = delete;
  ~TaskWait();
  bool await_ready() const noexcept { return !ticket_; }
  void await_suspend(co::Handle coroutine) noexcept { waiting_ = coroutine; }
  TaskAnswer await_resume() noexcept { return std::move(answer_); }

 private:
  friend class co::Coroutines;
  void end();
  uint64_t ticket_ = 0;  // 0: it is over
  TimerId timer_;
  co::Handle waiting_;
  TaskAnswer answer_;
};

// For co_await: gives a task to the task workers, as oklo::task does, and waits for its end, or for
// timeout_ms at most; 0: for as long as it takes. It begins with the call, so two can be under way at once:
//
//   auto first = oklo::taskwait("hash", one);
//   auto second = oklo::taskwait("hash", other);
//   auto answer = co_await first;
inline TaskWait taskwait(std::string_view name, std::string_view bytes, uint64_t timeout_ms = 0) {
  return TaskWait(name, bytes, timeout_ms);
}

}  // namespace oklo
