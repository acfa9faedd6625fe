#pragma once

#include <errno.h>

namespace oklo::sys {

// Makes a system call again as long as a signal interrupts it.
template <class Call>
long retry(Call call) {
  long result = 0;
  do {
    result = call();
  } while (result == -EINTR);
  return result;
}

}  // namespace oklo::sys
