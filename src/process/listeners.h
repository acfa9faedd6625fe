#pragma once

#include <memory>
#include <vector>

#include "process/activated_sockets.h"
#include "process/application.h"
#include "sys/fd.h"
#include "sys/socket.h"

namespace oklo {

// The listening sockets of a configuration, those of datagrams too: one for each address and slot; of a unix
// path, and where a service manager has passed one, one for all slots. Opened by the master before it forks.
// The next configuration shares those of the addresses that stay, so no accept queue is lost by a reload, nor
// when a worker is.
class Listeners {
 public:
  // With those of `before` at the addresses that stay. What is new gets no connection before take_over, where
  // it joins others.
  static Result<Listeners> open(const std::vector<ListenAddress>& wanted, uint32_t slots,
                                ActivatedSockets* activated = nullptr, const Listeners* before = nullptr);

  const std::vector<sys::Address>& addresses() const { return addresses_; }
  // Of datagrams there may be more than slots.
  std::vector<std::vector<int>> numbers() const;
  // How many connections wait for the worker of `slot`; datagrams count nothing.
  unsigned queue_length(uint32_t slot) const;
  // Of that of its listeners at which most wait; one that was passed is of the first slot.
  sys::AcceptQueue queue(uint32_t slot) const;

  // Those of `before` that are not shared get no new connection from now on, the shared ones have the options
  // of this, and paths of unix sockets that are not wanted any more are removed. Whoever serves `before` goes
  // on until nothing waits there.
  void take_over(const Listeners& before);
  // Whether there are sockets that `after` does not share; whether nothing waits there.
  bool has_rest(const Listeners& after) const;
  bool rest_is_empty(const Listeners& after) const;
  // Those do not listen any more, in whatever process they are open.
  void close_rest(const Listeners& after);
  // It does not serve, and `before` goes on alone.
  void discard(const Listeners& before);
  // The service ends: closes the sockets of this process and removes the paths of unix sockets, but for those
  // that were passed.
  void close();

 private:
  // A socket that configurations share.
  using Socket = std::shared_ptr<const sys::Fd>;
  struct Group {
    ListenAddress wanted;
    bool passed = false;  // by a service manager
    std::vector<Socket> sockets = {};  // [slot]
  };

  Result<void> open_address(const ListenAddress& wanted, uint32_t slots, ActivatedSockets* activated,
                            const Listeners* before);
  bool share(const ListenAddress& wanted, const sys::Address& address, uint32_t slots,
             const Listeners& before);
  Result<void> open_first(const ListenAddress& wanted, sys::Address address);
  Result<void> join(uint32_t slots);
  void add(const sys::Address& address, const ListenAddress& wanted, bool passed, Socket first);
  // The group there that has sockets of that one, or none.
  const Group* sharer_of(const Group& group) const;
  bool may_be_steered(size_t at) const;
  std::vector<Socket> rest_of(size_t at, const Listeners& other) const;
  void remove_paths(const Listeners* but) const;

  std::vector<sys::Address> addresses_;
  std::vector<Group> groups_;  // [address]
};

}  // namespace oklo
