#include "sys/select.h"

#include "sys/kernel.h"

namespace oklo::sys {

long select_ready(int end, FdSet& readable, FdSet& writable) {
  return kernel::select(end, readable.data(), writable.data());
}

}  // namespace oklo::sys
