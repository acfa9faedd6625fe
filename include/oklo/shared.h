#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace oklo {

// What all processes of a server share. Make these before Server::run, in the process that calls it: the
// workers inherit them, also a worker that is started later or that takes the place of a dead one. What a
// process makes for itself after that is its own. They live until the last process that has them ends; one
// that destroys or moves its object changes nothing for the others. Handlers borrow them by reference.

// A 64-bit number that any process reads and changes, at once and whole. It takes one page of memory.
class Atomic {
 public:
  explicit Atomic(int64_t value = 0);
  Atomic(Atomic&&) noexcept;
  Atomic& operator=(Atomic&&) noexcept;
  ~Atomic();

  // Whether there was memory for it; the reason when not, as "cannot allocate 128 bytes of memory: ...". To
  // use one that is not ok is a bug and ends the process.
  bool ok() const;
  const std::string& error() const;

  int64_t get() const;
  void set(int64_t value);
  // Both return what it comes to; beyond the limits of 64 bits it wraps around.
  int64_t add(int64_t amount = 1);
  int64_t sub(int64_t amount = 1);
  // Sets `desired` if the number is `expected`; whether it was.
  bool compare_exchange(int64_t expected, int64_t desired);

  // Sleeps as long as the number is `old`, at most so many milliseconds (-1: without an end); whether it is
  // something else now. It is woken by `wake`, not by the change itself, and the time ends the wait also when
  // the process that was to wake it died. A handler that waits holds up all connections of its worker.
  bool wait(int64_t old, int64_t timeout_ms = -1) const;
  // Wakes all who wait, in all processes. Call it after a change that they wait for.
  void wake();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// What became of locking.
enum class Locked : uint8_t {
  no,         // another holds it (try_lock)
  yes,
  recovered,  // yes, but the last holder died with it: what it guards may be half changed
};

// A lock that one process at a time holds. A process that dies, however it dies, gives up what it holds. It
// takes one page of memory.
class Lock {
 public:
  Lock();
  Lock(Lock&&) noexcept;
  Lock& operator=(Lock&&) noexcept;
  ~Lock();

  // As those of Atomic.
  bool ok() const;
  const std::string& error() const;

  // Waits until nobody else holds it; never Locked::no. A handler that waits holds up all connections of its
  // worker, so what is done under the lock should be short. To lock what the caller holds is a bug and ends
  // the process.
  Locked lock();
  // Never waits.
  [[nodiscard]] Locked try_lock();
  // For the process and thread that holds it; anything else is a bug and ends the process.
  void unlock();

  // Holds a lock, which is borrowed, as long as it lives.
  class Guard {
   public:
    explicit Guard(Lock& lock) : lock_(lock), recovered_(lock.lock() == Locked::recovered) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { lock_.unlock(); }

    // Whether the last holder died with it.
    bool recovered() const { return recovered_; }

   private:
    Lock& lock_;
    bool recovered_;
  };

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
