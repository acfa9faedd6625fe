#include "lab/chamber.h"

#include <errno.h>
#include <array>
#include <new>
#include <utility>

#include "lab/family.h"
#include "lab/parcel.h"
#include "sys/process.h"
#include "sys/signal_fd.h"
#include "sys/socket.h"
#include "sys/socket_pair.h"
#include "sys/stderr.h"
#include "sys/time.h"

namespace oklo::lab {

namespace {

constexpr uint64_t kParcelBytesMax = 1 << 20;
constexpr uint64_t kEndMs = 10'000;  // that a keeper has to end all, before it is killed

}  // namespace

Result<Chamber> Chamber::open(Interrupts& interrupts, const Play& play) {
  Result<sys::Memory> memory = sys::Memory::allocate_shared(sizeof(KeeperBoard));
  if (!memory) return memory.error();
  KeeperBoard& board = *new (memory->data()) KeeperBoard();
  Result<sys::SocketPair> ends = sys::SocketPair::create(sys::PairKind::stream);
  if (!ends) return ends.error();
  pid_t lab = sys::current_pid();
  Result<pid_t> keeper = sys::fork_process();
  if (!keeper) return keeper.error();
  if (*keeper == 0) keep(board, play, std::move(ends->second), lab);
  return Chamber(interrupts, std::move(memory).value(), std::move(ends->first), *keeper);
}

Chamber::Chamber(Chamber&& other) noexcept
    : interrupts_(other.interrupts_),
      memory_(std::move(other.memory_)),
      heard_(std::move(other.heard_)),
      unread_(std::move(other.unread_)),
      keeper_(std::exchange(other.keeper_, 0)) {}

Chamber::~Chamber() { end(); }

Result<std::string> Chamber::hear(uint64_t until_ms) {
  for (;;) {
    uint64_t told = ParcelReader::size_of(unread_);
    if (told > kParcelBytesMax) return Error{0, "what it told is not to be understood"};
    size_t size = ParcelReader::kSealBytes + static_cast<size_t>(told);
    if (unread_.size() >= size) {
      std::string parcel = unread_.substr(ParcelReader::kSealBytes, size - ParcelReader::kSealBytes);
      unread_.erase(0, size);
      return parcel;
    }
    long waited = interrupts_->wait_readable(heard_.get(), until_ms);
    if (waited == -ETIMEDOUT) return Error{ETIMEDOUT, "nothing was heard of it in time"};
    if (waited < 0) return Error{EINTR, "interrupted"};
    std::array<char, 4096> bytes;
    long got = sys::receive(heard_.get(), bytes.data(), bytes.size());
    if (got > 0) unread_.append(bytes.data(), static_cast<size_t>(got));
    else if (!sys::try_later(got)) return Error{0, "it ended by itself"};
  }
}

void Chamber::reply() { sys::print(heard_.get(), "x"); }

std::vector<pid_t> Chamber::family() const { return descendants(keeper_); }

// A keeper that has ended may have been told of already, and is none any more when it was waited for.
bool Chamber::keeper_lives() const {
  while (sys::next_child_event()) {}
  return sys::is_child(keeper_);
}

sys::Usage Chamber::end() {
  if (keeper_ == 0) return {};
  if (keeper_lives()) sys::send_signal(keeper_, SIGTERM);
  for (const uint64_t until_ms = sys::monotonic_ms() + kEndMs; keeper_lives();) {
    if (sys::monotonic_ms() >= until_ms) sys::send_signal(keeper_, SIGKILL);
    interrupts_->wait_for_child(until_ms);
  }
  keeper_ = 0;
  return board().used;
}

void tell(int fd, const std::string& sealed_parcel) { sys::print(fd, sealed_parcel); }

}  // namespace oklo::lab
