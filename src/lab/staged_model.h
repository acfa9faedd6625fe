#pragma once

#include "base/result.h"
#include "lab/chamber.h"
#include "models/model.h"
#include "sys/address.h"

namespace oklo::lab {

// A model that runs in a chamber, on a port of 127.0.0.1 that the kernel has chosen. It is gone when this
// dies.
class StagedModel {
 public:
  // How many workers a model has that has some.
  static constexpr unsigned kWorkers = 4;

  // Waits until it takes connections. The interrupts are borrowed.
  static Result<StagedModel> raise(Interrupts& interrupts, const models::Model& model,
                                   bool counts_calls = false);

  const sys::Address& address() const { return address_; }
  Chamber& chamber() { return chamber_; }

  // Waits until all its processes and threads sleep and nothing changes any more; what they have used until
  // then. The error: they do not come to rest.
  Result<sys::Usage> settle(Interrupts& interrupts);

 private:
  StagedModel(Chamber chamber, const sys::Address& address)
      : chamber_(std::move(chamber)), address_(address) {}
  Chamber chamber_;
  sys::Address address_;
};

}  // namespace oklo::lab
