#pragma once

#include <string>
#include <vector>

#include "config/faults.h"
#include "sys/address.h"

namespace oklo::config {

// The addresses of the listeners that were read.
class TakenAddresses {
 public:
  // Adds one. What is wrong with it is added to the faults: also that it, or a part of it, is taken.
  void take(Faults& faults, const std::string& address, bool datagram, Place place);

 private:
  struct Taken {
    std::string name;  // of a socket that a service manager passes; else empty
    sys::Address address;
    bool datagram;
    Place place;

    bool overlaps(const Taken& other) const;
  };

  std::vector<Taken> taken_;
};

}  // namespace oklo::config
