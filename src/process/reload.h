#pragma once

#include <string>
#include <vector>

#include "process/control_socket.h"
#include "process/supervisor.h"

namespace oklo {

// The replacement of one generation of workers by the next: built beside the running one, which goes on
// whatever happens to it. One at a time; requests that come meanwhile share the one that follows. Owned
// by the Master.
class Reload final : private Timer {
 public:
  Reload(Service& service, Supervisor& supervisor) : service_(service), supervisor_(supervisor) {}

  void request(ControlReply reply);
  void on_ready();
  void on_failed(const std::string& why);
  bool running() const { return running_; }

 private:
  static constexpr uint32_t kReadyTimeMs = 30'000;

  void begin();
  void end(bool ok, const std::string& text);
  void on_timer() override;

  Service& service_;
  Supervisor& supervisor_;
  bool running_ = false;
  std::vector<ControlReply> waiting_;  // for the one that runs
  std::vector<ControlReply> next_;     // for the one after it
};

}  // namespace oklo
