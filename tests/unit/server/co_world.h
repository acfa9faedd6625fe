#pragma once

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "net/turns.h"
#include "process/here.h"

#include <oklo/co.h>

// A process that may have coroutines, and what they write down.
struct CoWorld : Turns {
  oklo::Log log{2, "test"};
  oklo::Here here{*reactor, log, 1, 1, 1};
  std::string order;

  void settle() {
    for (int i = 0; i < 8; i++) turn();
  }
};

// Writes down that it has died.
class Witness {
 public:
  Witness(std::string& order, const char* name) : order_(&order), name_(name) {}
  Witness(Witness&& other) noexcept : order_(std::exchange(other.order_, nullptr)), name_(other.name_) {}
  ~Witness() {
    if (order_) order_->append("~").append(name_).append(" ");
  }
  Witness& operator=(Witness&&) = delete;

 private:
  std::string* order_;
  const char* name_;
};

// Waits until somebody opens it, as an awaitable of a program's own may: for one coroutine, which awaits
// wait(). (g++ 12 copies an awaitable that a lambda captured by reference.)
class Gate {
 public:
  struct Wait {
    Gate& gate;
    bool await_ready() const noexcept { return gate.open_; }
    void await_suspend(std::coroutine_handle<> coroutine) noexcept { gate.waiting_ = coroutine; }
    void await_resume() const noexcept {}
  };
  Gate() = default;
  Gate(const Gate&) = delete;
  Wait wait() { return {*this}; }
  void open() {
    open_ = true;
    if (waiting_) std::exchange(waiting_, nullptr).resume();
  }
  void close() { open_ = false; }
  bool waits() const { return waiting_ != nullptr; }

 private:
  bool open_ = false;
  std::coroutine_handle<> waiting_;
};
