#include "sys/fd.h"

#include "sys/kernel.h"

namespace oklo::sys {

// Linux frees the number even when close answers an error, so there is nothing to try again.
void Fd::reset(int number) {
  if (number_ >= 0) kernel::close(number_);
  number_ = number;
}

}  // namespace oklo::sys
