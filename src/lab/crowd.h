#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "lab/interrupts.h"
#include "sys/address.h"
#include "sys/fd.h"

namespace oklo::lab {

// Clients of a model in the hands of the lab itself, which do one thing at a time and then are silent.
class Crowd {
 public:
  // The interrupts are borrowed.
  Crowd(Interrupts& interrupts, const sys::Address& address) : interrupts_(&interrupts), address_(address) {}

  // One more connection. The error: it was not made in a while, or the lab is to end.
  Result<void> join();
  // The one that came last sends a request. Whether it had an answer within a while.
  bool ask_last();
  // All connections are closed.
  void leave() { clients_.clear(); }

  size_t size() const { return clients_.size(); }

 private:
  Interrupts* interrupts_;
  sys::Address address_;
  std::vector<sys::Fd> clients_;
};

}  // namespace oklo::lab
