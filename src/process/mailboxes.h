#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/socket_pair.h"

namespace oklo {

// A mailbox for each slot: a socket pair that any process of the service may send to, and that the worker of
// the slot reads. Made by the master before it forks, which keeps both ends: what waits in one outlives the
// worker.
class Mailboxes {
 public:
  struct Header {
    uint32_t from;  // the number of the worker, 0: the master
  };

  static Result<Mailboxes> create(uint32_t slots);

  // False when there is no such slot, the message is too long, or its mailbox is full.
  bool send(uint32_t from, uint32_t slot, std::string_view bytes) const;
  // The end that the worker of `slot` reads.
  int reading_end(uint32_t slot) const { return pairs_[slot].second.get(); }
  // The fds that children must keep.
  void add_fds(std::vector<int>& to) const;

 private:
  Mailboxes() = default;

  std::vector<sys::SocketPair> pairs_;
};

}  // namespace oklo
