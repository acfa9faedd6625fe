#include "process/logs.h"

#include <utility>

#include "process/tree.h"
#include "sys/file.h"
#include "sys/local_datagram.h"
#include "sys/stderr.h"

namespace oklo {

namespace {

Result<sys::Fd> open_syslog(const std::string& path) {
  Result<sys::Fd> fd = sys::open_local_datagrams();
  long failed = fd ? sys::connect_local(fd->get(), path) : 0;
  if (failed < 0) return system_error(static_cast<int>(-failed), "cannot reach the syslog daemon at " + path);
  return fd;
}

// `first_stderr`: a copy of it, empty as long as stderr is that; then what is opened is empty, too.
Result<sys::Fd> open_place(const LogPlace& place, const sys::Fd& first_stderr) {
  sys::Fd copy;
  switch (place.kind) {
    case LogPlace::Kind::file: return sys::open_log(place.path);
    case LogPlace::Kind::syslog: return open_syslog(place.path);
    case LogPlace::Kind::off: return sys::open_log("/dev/null");
    case LogPlace::Kind::standard_error: break;
  }
  long failed = first_stderr ? sys::duplicate(first_stderr.get(), copy) : 0;
  if (failed < 0) return system_error(static_cast<int>(-failed), "cannot write to stderr");
  return copy;
}

uint8_t priority_of(const LogPlace& place, codec::SyslogSeverity severity) {
  bool is_syslog = place.kind == LogPlace::Kind::syslog;
  return is_syslog ? codec::syslog_priority(place.facility, severity) : uint8_t{0};
}

}  // namespace

LogSink Logs::error() const {
  return {error_file_ ? error_file_.get() : 2, priority_of(error_, codec::SyslogSeverity::notice)};
}

LogSink Logs::access() const {
  if (access_.kind == LogPlace::Kind::off) return {};
  return {access_file_ ? access_file_.get() : 2, priority_of(access_, codec::SyslogSeverity::info)};
}

Result<void> Logs::open(const std::string& error_log, const std::string& access_log) {
  Result<LogPlace> error = LogPlace::parse(error_log);
  if (!error) return error.error();
  Result<LogPlace> access = LogPlace::parse(access_log);
  if (!access) return access.error();
  return open(*error, *access);
}

Result<void> Logs::reopen() {
  if (!error_.is_opened() && !access_.is_opened())
    return Error{0, "there is no log file to open again"};
  Result<void> opened = open(LogPlace(error_), LogPlace(access_));
  if (opened) return {};
  return Error{opened.error().number, opened.error().text + "; the old log goes on"};
}

Result<void> Logs::open(LogPlace error, LogPlace access) {
  if (Result<void> kept = keep_first_stderr(error.kind != LogPlace::Kind::standard_error); !kept) return kept;
  Result<sys::Fd> error_file = open_place(error, first_stderr_);
  if (!error_file) return error_file.error();
  bool has_access = access.kind != LogPlace::Kind::off;
  Result<sys::Fd> access_file = has_access ? open_place(access, first_stderr_) : sys::Fd();
  if (!access_file) return access_file.error();
  error_file_ = std::move(error_file).value();
  access_file_ = std::move(access_file).value();
  error_ = std::move(error);
  access_ = std::move(access);
  if (up_) take_stderr();
  if (has_syslog()) reactor_.timers().arm(*this, reactor_.clock().now_ms + kLookMs);
  return {};
}

Result<void> Logs::keep_first_stderr(bool leaves_it) {
  if (first_stderr_) return {};
  bool left = before_ && before_->first_stderr_;
  if (!left && !leaves_it) return {};
  long failed = sys::duplicate(left ? before_->first_stderr_.get() : 2, first_stderr_);
  if (failed < 0) return system_error(static_cast<int>(-failed), "cannot write to stderr");
  return {};
}

// Where it is that already, this changes nothing.
void Logs::take_stderr() {
  up_ = true;
  before_ = nullptr;
  if (error_file_ && sys::replace_stderr(error_file_.get()) >= 0) error_file_.reset();
}

void Logs::send_to(Tree& tree) const {
  if (error_.is_opened()) tree.send_log(LogKind::error, error());
  if (access_.is_opened()) tree.send_log(LogKind::access, access());
}

// Who has sent something to a daemon that is gone has disconnected the socket. All processes share it.
void Logs::on_timer() {
  if (!has_syslog()) return;
  reactor_.timers().arm(*this, reactor_.clock().now_ms + kLookMs);
  reconnect(error_, error().fd);
  reconnect(access_, access_file_.get());
}

void Logs::reconnect(const LogPlace& place, int fd) {
  if (place.kind == LogPlace::Kind::syslog && sys::has_lost_peer(fd))
    (void)!sys::connect_local(fd, place.path);
}

bool Logs::has_syslog() const {
  return error_.kind == LogPlace::Kind::syslog || access_.kind == LogPlace::Kind::syslog;
}

}  // namespace oklo
