#pragma once

#include "base/intrusive_list.h"

#include <oklo/co.h>

namespace oklo::co {

// Runs on a coroutine that waits. All that wakes one goes through here.
void resume(Handle coroutine);

// Where who started a Root finds it, as long as there is one.
class RootPlace {
 public:
  RootPlace() = default;
  RootPlace(const RootPlace&) = delete;
  ~RootPlace();
  // Ends the coroutine where it waits, if it has not ended.
  void end();
  explicit operator bool() const { return root_ != nullptr; }

 private:
  friend class Root;
  Root* root_ = nullptr;
};

// A coroutine that nobody awaits, and what it awaits. It stands in the list of Coroutines, and owns itself.
class Root final : public ListNode, private Waiter {
 public:
  // Runs it to its first wait. `place` may be null.
  static void start(Co<void> coroutine, RootPlace* place = nullptr);
  // Ends it where it waits; it must not be running.
  ~Root();

 private:
  friend class Coroutines;
  friend class RootPlace;
  Root(Co<void> coroutine, RootPlace* place) noexcept;
  static Handle take_end(Waiter& self) noexcept;
  void leave_place() {
    if (place_) std::exchange(place_, nullptr)->root_ = nullptr;
  }

  RootPlace* place_;
  Co<void> coroutine_;
};

}  // namespace oklo::co
