#pragma once

#include "models/listener.h"
#include "sys/epoll.h"

namespace oklo::models {

// Takes clients from the listening socket and serves them, for ever; the error says what could not be begun.
// `interest` is what the listening socket is watched for.
Result<void> serve_by_epoll(Listener& listener, uint64_t worker, uint32_t interest = sys::kReadable);

}  // namespace oklo::models
