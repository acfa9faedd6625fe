#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/drain_mode.h"
#include "reactor/reactor.h"
#include "sys/fd.h"

namespace oklo {

enum class LogKind : uint8_t { access, error };

// What a keeper and its child say to each other, or the gate and its threads; one SOCK_SEQPACKET message
// each.
struct ControlMessage {
  static constexpr uint32_t kTextBytesMax = 240;

  enum class Type : uint32_t {
    serve,    // to a worker: accept from the listeners of slot `argument` too, in process mode read the
              // wires of its own; to a process: begin
    leave,    // to a worker: accept from the listeners of slot `argument` no more
    drain,    // to a worker: accept no more, finish what is under way within `deadline_ms`, then exit
    log,      // the fd that comes with this is a log from now on: see of_log
    ready,    // from a worker: it serves
    failed,   // from a worker: it cannot serve, `text` says why, and it exits
    drained,  // from a worker: no connection is left, it exits
    left,     // from a worker of process mode: it reads no wires any more; from a thread of the gate: it
              // accepts no more
    reload,   // to the manager: another generation
    outcome,  // from the manager: how that ended, `argument` is 1 when it is ready, `text` says more
    signal,   // to the manager: passes `argument` on to the workers
  };
  Type type = Type::ready;
  uint32_t argument = 0;     // slot; for drain: DrainMode
  uint64_t deadline_ms = 0;  // on the monotonic clock; 0: none
  char text[kTextBytesMax] = {};

  ControlMessage() = default;
  explicit ControlMessage(Type of, uint32_t with = 0, std::string_view saying = {})
      : type(of), argument(with) {
    saying.copy(text, sizeof text - 1);
  }

  // Which log, and the priority of its sink.
  static ControlMessage of_log(LogKind kind, uint8_t priority) {
    return ControlMessage(Type::log, static_cast<uint32_t>(kind) << 8 | priority);
  }
  LogKind log_kind() const { return argument >> 8 ? LogKind::error : LogKind::access; }
  uint8_t log_priority() const { return static_cast<uint8_t>(argument); }
};

// One end of such a pair.
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
  // Takes what the other side said before it went.
  void receive_rest();
  int fd() const { return fd_.get(); }

 private:
  ControlChannel(Reactor& reactor, sys::Fd fd, Events events);
  void on_event(uint32_t events) override;
  bool receive_one();
  void unwatch();

  Reactor& reactor_;
  sys::Fd fd_;
  Events events_;
  bool watched_ = false;
};

}  // namespace oklo
