#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "sys/socket_pair.h"

namespace oklo {

// What a gate and its workers talk over: a pair of datagram sockets for each thread of the gate and each slot
// of a worker. Made by the master before it forks, which keeps all ends: what is under way in one outlives
// both. A slot's ends are read by one process at a time.
class Wires {
 public:
  static constexpr int kBufferBytes = 1 << 20;  // of what is under way one way, where the kernel allows it

  static Result<Wires> create(uint32_t threads, uint32_t slots);

  uint32_t threads() const { return threads_; }
  uint32_t slots() const { return slots_; }
  // The ends of the pair between a thread and a slot, both counted from 0; non-blocking.
  int gate_end(uint32_t thread, uint32_t slot) const { return pair(thread, slot).first.get(); }
  int worker_end(uint32_t thread, uint32_t slot) const { return pair(thread, slot).second.get(); }
  // Whether something waits for the worker of that slot.
  bool waits_for(uint32_t slot) const;

  // The fds that a gate must keep, the worker of a slot, and who forks the workers.
  void add_gate_ends(std::vector<int>& to) const;
  void add_worker_ends(uint32_t slot, std::vector<int>& to) const;
  void add_worker_ends(std::vector<int>& to) const;

 private:
  Wires(uint32_t threads, uint32_t slots) : threads_(threads), slots_(slots) {}
  const sys::SocketPair& pair(uint32_t thread, uint32_t slot) const;

  uint32_t threads_;
  uint32_t slots_;
  std::vector<sys::SocketPair> pairs_;  // the slots of one thread, then those of the next
};

}  // namespace oklo
