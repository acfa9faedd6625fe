#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/plan.h"

namespace oklo::bench {

// What connections send. All is made beforehand, for all threads.
class Messages {
 public:
  explicit Messages(const Plan& plan);

  // Sent first on each connection, its answer awaited; empty: there is none.
  const std::string& greeting() const { return greeting_; }
  // The value of Sec-WebSocket-Key in it.
  std::string_view websocket_key() const { return key_; }

  // The n-th request of a connection, as it is sent, and what has to come back for it. Neighbours differ, so
  // that an echo which is another's is seen.
  std::string_view request(size_t n) const { return requests_[n % requests_.size()]; }
  std::string_view echo(size_t n) const { return echoes_[n % echoes_.size()]; }

 private:
  void make_echoes(size_t bytes);
  void make_greeting(const Plan& plan);
  void make_frames();

  std::string greeting_;
  std::string key_;
  std::vector<std::string> requests_;
  std::vector<std::string> echoes_;
};

}  // namespace oklo::bench
