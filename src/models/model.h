#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/address.h"

#include <oklo/function.h>

namespace oklo::models {

// What a model is run with.
struct Stage {
  sys::Address address;  // port 0: the kernel chooses
  unsigned workers = 4;  // processes or threads, where the model has some
  // Is called once, when a connection would be taken, before the model forks or waits.
  Function<void(const sys::Address&)> listening;
};

// One way to serve many clients. All give the same answer, so that what differs is who waits where.
struct Model {
  std::string_view name;
  std::string_view line;      // one line for the list
  std::string_view try_this;  // what to try, a line or two, with port 8080
  bool keeps_alive;           // a connection may have more than one request
  // Serves until SIGTERM or SIGINT ends it; the error says what could not be begun.
  Result<void> (*run)(Stage& stage);
};

// All of this room, in the order of the story that they tell.
const std::vector<Model>& catalogue();

}  // namespace oklo::models
