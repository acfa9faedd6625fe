#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "process/control_client.h"
#include "reactor/reactor.h"

#include <oklo/function.h>

namespace oklo {

// A command to a running service whose answer is awaited in the turns of a Reactor. When this dies, the
// answer is of no more interest.
class ControlCall final : private EventHandler {
 public:
  using OnAnswer = Function<void(const Result<ControlAnswer>& answer)>;

  // The function is called once, in a later turn.
  static Result<std::unique_ptr<ControlCall>> begin(Reactor& reactor, const std::string& path,
                                                    std::string_view command, OnAnswer on_answer);
  ~ControlCall();

 private:
  ControlCall(Reactor& reactor, std::string path, sys::Fd fd, OnAnswer on_answer);
  void on_event(uint32_t events) override;
  void unwatch();

  Reactor& reactor_;
  std::string path_;
  sys::Fd fd_;
  OnAnswer on_answer_;
  std::string answer_;
  bool watched_ = false;
};

}  // namespace oklo
