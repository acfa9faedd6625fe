#pragma once

#include <cstdint>
#include <memory>

#include "base/drain_mode.h"
#include "reactor/reactor.h"
#include "sys/fd.h"

namespace oklo {

// What master and child say to each other; one SOCK_SEQPACKET message each.
struct ControlMessage {
  enum class Type : uint32_t {
    serve,    // to a worker: accept from the listeners of slot `argument` too
    leave,    // to a worker: accept from the listeners of slot `argument` no more
    drain,    // to a worker: accept no more, finish what is under way within `deadline_ms`, then exit
    log,      // to a worker: the fd that comes with this is the access log from now on
    ready,    // from a worker: it serves
    drained,  // from a worker: no connection is left, it exits
  };
  Type type = Type::ready;
  uint32_t argument = 0;     // slot; for drain: DrainMode
  uint64_t deadline_ms = 0;  // on the monotonic clock; 0: none
};

// One end of the pair between master and child. Owned by the Life (master) or the Worker (child).
class ControlChannel final : private EventHandler {
 public:
  struct Events {
    Function<void(const ControlMessage&, sys::Fd passed)> on_message;
    Function<void()> on_end;  // the other side is gone, or broke the protocol
  };
  static Result<std::unique_ptr<ControlChannel>> create(Reactor& reactor, sys::Fd fd, Events events);
  ~ControlChannel();

  // False when the other side is gone or does not read.
  bool send(const ControlMessage& message, int passed_fd = -1);
  int fd() const { return fd_.get(); }

 private:
  ControlChannel(Reactor& reactor, sys::Fd fd, Events events);
  void on_event(uint32_t events) override;
  void unwatch();

  Reactor& reactor_;
  sys::Fd fd_;
  Events events_;
  bool watched_ = false;
};

}  // namespace oklo
