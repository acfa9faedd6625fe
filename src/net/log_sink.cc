#include "net/log_sink.h"

#include <errno.h>

#include <string>

#include "codec/syslog.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/stderr.h"
#include "sys/time.h"

namespace oklo {

namespace {

long send_lines(const LogSink& to, std::string_view lines) {
  std::string head;
  codec::begin_syslog(head, to.priority, civil_time(sys::wall_time().seconds),
                      static_cast<uint32_t>(sys::current_pid()));
  size_t taken = 0;
  while (taken < lines.size()) {
    std::string_view line = lines.substr(taken, lines.find('\n', taken) - taken);
    std::string message = head + std::string(line);
    long sent = sys::send_bytes(to.fd, message.data(), message.size());
    if (sent == -EINTR) continue;
    // One that no datagram holds is lost, and keeps no other one back.
    if (sent < 0 && sent != -EMSGSIZE) return taken > 0 || sent == -EAGAIN ? static_cast<long>(taken) : sent;
    taken += line.size() + 1;
  }
  return static_cast<long>(lines.size());
}

}  // namespace

long LogSink::write(std::string_view lines) const {
  return priority ? send_lines(*this, lines) : sys::write_without_waiting(fd, lines);
}

}  // namespace oklo
