#pragma once

#include <string>

#include "codec/syslog.h"
#include "net/log_sink.h"
#include "process/log_place.h"
#include "reactor/reactor.h"
#include "sys/fd.h"

namespace oklo {

class Tree;

// The error log and the access log of the service: opened before rights are dropped, and handed to the
// children. The error log takes the place of stderr in all processes, so that what any of them says last,
// such as the place of a failed assertion, comes into it. Owned by the Deployment; the Reactor outlives it.
class Logs final : private Timer {
 public:
  // `before`: those that the service has until now, where there are some; they go on until take_stderr.
  explicit Logs(Reactor& reactor, const Logs* before = nullptr) : reactor_(reactor), before_(before) {}

  // As ServerOptions names them; after an error all is as it was.
  Result<void> open(const std::string& error_log, const std::string& access_log);
  // The service is up: stderr is the error log from now on.
  void take_stderr();
  // Opens anew what is a file or a syslog daemon. After an error both go on as they were.
  Result<void> reopen();
  // Hands those to processes that run already.
  void send_to(Tree& tree) const;

  LogSink error() const;
  LogSink access() const;

 private:
  static constexpr uint32_t kLookMs = 1000;  // for a syslog daemon that comes again

  Result<void> open(LogPlace error, LogPlace access);
  bool has_syslog() const;
  static void reconnect(const LogPlace& place, int fd);
  void on_timer() override;

  Result<void> keep_first_stderr(bool leaves_it);

  Reactor& reactor_;
  const Logs* before_;
  LogPlace error_ = {LogPlace::Kind::standard_error, 0, {}};
  LogPlace access_;
  bool up_ = false;
  sys::Fd error_file_;    // empty: stderr
  sys::Fd access_file_;
  sys::Fd first_stderr_;  // that this process was started with; empty: stderr is still that
};

}  // namespace oklo
