#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "sys/fd.h"

#include <oklo/function.h>

// What the small servers of the experiments are made of. A request of theirs is a byte, and so is its answer.
namespace oklo::experiments {

// A listening socket on a port of 127.0.0.1 that the kernel chose.
struct Place {
  sys::Fd listener;
  std::string address;  // as SyncClient::connect takes it

  static Result<Place> open();
};

// A further socket that listens there; SO_REUSEPORT is asked for in both.
Result<Place> open_shared_place();
Result<sys::Fd> join_place(const Place& place);

// Waits for a connection and accepts it.
sys::Fd accept_next(int listener);

// Waits for bytes and sends them back. False when the client is gone.
bool echo(int connection);

// An event loop, the smallest there is. It accepts what comes at the listener, watches it for `interest`
// (sys::Events) and calls `ready` for each connection that has something; that is closed when it answers
// false.
[[noreturn]] void run_loop(int listener, uint32_t interest, const Function<bool(int connection)>& ready);

}  // namespace oklo::experiments
