#include <oklo/shared.h>

#include <algorithm>
#include <atomic>

#include "shm/shared_number.h"
#include "sys/futex.h"
#include "sys/memory.h"
#include "sys/time.h"

namespace oklo {

namespace {

// One T, which has an init, in shared memory; or the reason why not.
template <class T>
class Block {
 public:
  template <class... Args>
  explicit Block(Args... args) {
    Result<sys::Memory> memory = sys::Memory::allocate_shared(sizeof(T));
    if (!memory) {
      error_ = std::move(memory).error().text;
      return;
    }
    memory_ = std::move(memory).value();
    get().init(args...);
  }
  T& get() const {
    OKLO_ASSERT(memory_.data());
    return *reinterpret_cast<T*>(memory_.data());
  }
  const std::string& error() const { return error_; }

 private:
  sys::Memory memory_;
  std::string error_;
};

struct Watched {
  SharedNumber number;
  std::atomic<uint32_t> wakes;  // counts them, so that one between a look and the sleep is not missed

  void init(int64_t value) { number.init(value); }
};

}  // namespace

struct Atomic::Parts : Block<Watched> {
  using Block::Block;
};

Atomic::Atomic(int64_t value) : parts_(std::make_unique<Parts>(value)) {}
Atomic::Atomic(Atomic&&) noexcept = default;
Atomic& Atomic::operator=(Atomic&&) noexcept = default;
Atomic::~Atomic() = default;

bool Atomic::ok() const { return parts_->error().empty(); }
const std::string& Atomic::error() const { return parts_->error(); }

int64_t Atomic::get() const { return parts_->get().number.get(); }
void Atomic::set(int64_t value) { parts_->get().number.set(value); }
int64_t Atomic::add(int64_t amount) { return parts_->get().number.add(amount); }
int64_t Atomic::sub(int64_t amount) {
  return add(static_cast<int64_t>(uint64_t{0} - static_cast<uint64_t>(amount)));
}
bool Atomic::compare_exchange(int64_t expected, int64_t desired) {
  return parts_->get().number.compare_exchange(expected, desired);
}

bool Atomic::wait(int64_t old, int64_t timeout_ms) const {
  constexpr int64_t kLongestMs = int64_t{1} << 40;  // 34 years, to stay clear of an overflow
  const Watched& watched = parts_->get();
  const uint64_t time_ns = static_cast<uint64_t>(std::min(timeout_ms, kLongestMs)) * 1'000'000;
  const uint64_t start = sys::monotonic_ns();
  for (;;) {
    uint32_t wakes = watched.wakes.load();
    if (watched.number.get() != old) return true;
    uint64_t passed = timeout_ms < 0 ? 0 : sys::monotonic_ns() - start;
    if (timeout_ms >= 0 && passed >= time_ns) return false;
    sys::futex_wait(watched.wakes, wakes, timeout_ms < 0 ? UINT64_MAX : time_ns - passed);
  }
}

void Atomic::wake() {
  Watched& watched = parts_->get();
  watched.wakes.fetch_add(1);
  sys::futex_wake(watched.wakes);
}

struct Lock::Parts : Block<sys::SharedMutex> {};

namespace {

Locked outcome(sys::SharedMutex::Locked locked) {
  switch (locked) {
    case sys::SharedMutex::Locked::no: return Locked::no;
    case sys::SharedMutex::Locked::yes: return Locked::yes;
    case sys::SharedMutex::Locked::recovered: break;
  }
  return Locked::recovered;
}

}  // namespace

Lock::Lock() : parts_(std::make_unique<Parts>()) {}
Lock::Lock(Lock&&) noexcept = default;
Lock& Lock::operator=(Lock&&) noexcept = default;
Lock::~Lock() = default;

bool Lock::ok() const { return parts_->error().empty(); }
const std::string& Lock::error() const { return parts_->error(); }

Locked Lock::lock() { return outcome(parts_->get().lock()); }
Locked Lock::try_lock() { return outcome(parts_->get().try_lock()); }
void Lock::unlock() { parts_->get().unlock(); }

}  // namespace oklo
