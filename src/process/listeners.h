#pragma once

#include <vector>

#include "process/activated_sockets.h"
#include "process/application.h"
#include "sys/fd.h"

namespace oklo {

// The listening sockets of the service, those of datagrams too: one for each address and slot; of a unix
// path, and where a service manager has passed one, one for all slots.
// Made by the master before the first fork and not closed while the service runs, so that no accept queue
// is lost when a worker is.
class Listeners {
 public:
  static Result<Listeners> open(const std::vector<ListenAddress>& wanted, uint32_t slots,
                                ActivatedSockets* activated = nullptr);

  const std::vector<sys::Address>& addresses() const { return addresses_; }
  std::vector<std::vector<int>> numbers() const;
  // How many connections wait for the worker of `slot`; datagrams count nothing.
  unsigned queue_length(uint32_t slot) const;
  // The service ends: closes the sockets of this process and removes the paths of unix sockets, but for those
  // that were passed.
  void close();

 private:
  Result<void> open_address(const ListenAddress& wanted, uint32_t slots, ActivatedSockets* activated);
  Result<void> make_sockets(const ListenAddress& wanted, uint32_t slots);
  void add(const sys::Address& address, const ListenAddress& wanted, sys::Fd first, bool passed);

  std::vector<sys::Address> addresses_;
  std::vector<bool> datagram_;                 // [address]
  std::vector<bool> passed_;                   // [address]: by a service manager
  std::vector<std::vector<sys::Fd>> sockets_;  // [address][slot]
};

}  // namespace oklo
