#pragma once

#include <memory>
#include <string>
#include <vector>

#include "reactor/reactor.h"
#include "sys/address.h"

namespace oklo {

// Answers one command of a control client: "ok" or "error TEXT" on the first line, then the body. May be
// called later than the command came; if the client is gone by then, nothing happens.
using ControlReply = Function<void(bool ok, std::string_view text)>;

// The socket over which commands reach a running master: one line in, one answer out. Only root and the
// master's own user are listened to. Owned by the Master.
class ControlSocket final : private EventHandler, private Timer {
 public:
  using OnCommand = Function<void(std::string_view command, ControlReply reply)>;

  // At `path`, or where it is empty at the default place for `port`; nullptr where there is none, and if it
  // was not meant to be so, `why_none` tells.
  static Result<std::unique_ptr<ControlSocket>> open(Reactor& reactor, const std::string& path,
                                                     uint16_t port, OnCommand on_command,
                                                     std::string& why_none);
  ~ControlSocket();

  // The service ends: takes no more commands. Whoever waits may still be answered, and hears the end of
  // the stream when this process is gone.
  void retire();

 private:
  class Session;

  ControlSocket(Reactor& reactor, sys::Fd listener, std::string path, OnCommand on_command);
  void on_event(uint32_t events) override;
  void on_timer() override;
  void pause();
  void reply(uint64_t session, bool ok, std::string_view text);
  void erase(Session& session);

  Reactor& reactor_;
  sys::Fd listener_;
  std::string path_;
  OnCommand on_command_;
  bool watched_ = false;
  bool retired_ = false;
  uint64_t next_id_ = 1;
  std::vector<std::unique_ptr<Session>> sessions_;
};

// The directories where control sockets stand by default, the preferred one first.
std::vector<std::string> control_directories();

}  // namespace oklo
