#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/slot_table.h"
#include "net/connection_pool.h"
#include "net/names.h"
#include "reactor/reactor.h"
#include "sys/socket.h"

#include <oklo/function.h>

namespace oklo {

// Makes the connections of a process's clients. One in each process that has a ConnectionPool, which outlives
// it. Nothing waits, and each attempt counts as a connection of the pool as long as it lasts.
class Connector {
 public:
  // A socket that is connected, for ConnectionPool::open_client.
  struct Connected {
    sys::Fd socket;
    sys::Address peer;
  };
  // Called once for each attempt that was not cancelled, never from within connect. The Error is a sentence.
  using Done = Function<void(ConnectionId id, Result<Connected> outcome)>;

  explicit Connector(ConnectionPool& pool);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // The last one of this thread; nullptr when there is none.
  static Connector* current();
  // Another one for each that was made in this process.
  uint64_t number() const { return number_; }
  ConnectionPool& pool() const { return pool_; }
  // Where names are looked up from now on; without them an address with a name can't be connected to.
  void use_names(Names& names) { names_ = &names; }

  // All addresses of a name are tried in their order, and `timeout_ms` is for all together: one that does not
  // answer has its part of what is left, but not less than kTryMsMin.
  // The id is that of the connection to be; generation 0: there is no room for it, which `done` will tell.
  ConnectionId connect(std::string_view address, uint32_t timeout_ms, const sys::ConnectOptions& options,
                       Done done);
  // `done` is not called any more. False when there is no such attempt: it never was, or is over.
  bool cancel(ConnectionId id);
  // The process leaves: what is under way fails, and so does what is asked for from now on.
  void leave();

  size_t size() const { return attempts_.size(); }

 private:
  // Where there is no room, in the queue of a unix socket or among the lookups: first, then twice as long
  // each time, up to kRetryMaxMs.
  static constexpr uint32_t kRetryMs = 10;
  static constexpr uint32_t kRetryMaxMs = 160;
  static constexpr uint32_t kTryMsMin = 250;

  struct Plan {
    std::string address;
    uint32_t timeout_ms;
    sys::ConnectOptions options;
    Done done;
  };

  // One connection that is being made. It stands in the row's slot until it is over.
  class Attempt final : public EventHandler, public Timer {
   public:
    Attempt(uint32_t index, Connector& of, ConnectionId of_id, Plan how)
        : id(of_id), plan(std::move(how)), owner_(of), index_(index) {}
    ~Attempt() { unwatch(); }

    void on_event(uint32_t) override { owner_.take_outcome(*this); }
    void on_timer() override { owner_.go_on(*this); }
    void on_destroy() override { owner_.attempts_.erase(*this); }
    long watch();
    void unwatch();
    uint32_t slot_index() const { return index_; }

    ConnectionId id;  // none: it is over
    Plan plan;
    std::string host;     // its name, as long as that is not being looked up; empty: it has none
    uint64_t lookup = 0;  // while that is under way
    uint16_t port = 0;    // 0: it has no name
    std::vector<sys::Address> addresses;  // those that are left to be tried, the next one last
    sys::Fd socket;
    uint64_t deadline_ms = 0;
    uint64_t try_until_ms = 0;  // of the address that is tried now
    uint32_t retry_ms = kRetryMs;

   private:
    Connector& owner_;
    uint32_t index_;
    bool watched_ = false;
  };

  Attempt* find(ConnectionId id);
  void begin(ConnectionId id);
  void look_up(Attempt& attempt);
  void look_up_name(Attempt& attempt);
  void take_addresses(ConnectionId id, Result<std::vector<sys::Address>> found);
  void try_next(Attempt& attempt);
  void try_address(Attempt& attempt);
  void take_outcome(Attempt& attempt);
  void settle(Attempt& attempt, long result);
  void try_later(Attempt& attempt);
  void go_on(Attempt& attempt);
  void give_up(Attempt& attempt);
  void end(Attempt& attempt, Result<Connected> outcome);
  ConnectionId stop(Attempt& attempt);
  void refuse(Plan plan, std::string_view why);

  Reactor& reactor() const { return pool_.reactor(); }
  uint64_t now_ms() const { return pool_.reactor().clock().now_ms; }

  ConnectionPool& pool_;
  uint64_t number_;
  Names* names_ = nullptr;
  SlotTable<Attempt> attempts_;
  bool leaving_ = false;
};

}  // namespace oklo
