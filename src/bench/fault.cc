#include "bench/fault.h"

#include <cerrno>

namespace oklo::bench {

// A unix socket whose queue is full refuses with EAGAIN.
Fault connect_fault(long error) {
  switch (-error) {
    case ECONNREFUSED:
    case ENOENT:
    case EAGAIN: return Fault::refused;
    case EADDRNOTAVAIL: return Fault::no_port;
    case EMFILE:
    case ENFILE: return Fault::no_file;
    case ETIMEDOUT: return Fault::connect_timeout;
    case ECONNRESET: return Fault::reset;
    default: return Fault::unreachable;
  }
}

// What the kernel gives up it gives up for want of an answer.
Fault transfer_fault(long error) { return error == -ETIMEDOUT ? Fault::timeout : Fault::reset; }

}  // namespace oklo::bench
