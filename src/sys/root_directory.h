#pragma once

#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// Paths of this process begin in that directory from now on, as its working directory does (chroot(2)).
Result<void> change_root(const std::string& path);

// The same for as long as this lives: for root, who may come back. There is one at a time.
class RootVisit {
 public:
  static Result<RootVisit> begin(const std::string& path);
  RootVisit(RootVisit&&) = default;
  ~RootVisit();

 private:
  RootVisit(Fd root, Fd place) : root_(std::move(root)), place_(std::move(place)) {}

  Fd root_;   // where to come back to
  Fd place_;  // the working directory
};

}  // namespace oklo::sys
