#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/fd.h"
#include "sys/inherited_socket.h"

namespace oklo {

// The sockets that a service manager listens on and has passed to this process, as sd_listen_fds(3) describes
// it. They stay open as long as the process does: a listener gets another number for the same open socket.
class ActivatedSockets {
 public:
  static constexpr int kFirst = 3;
  static constexpr uint64_t kSocketsMax = 256;

  // Those that the environment names, which no child finds there any more. To be called by the process that
  // was started: what it forks has another pid.
  static ActivatedSockets of_environment();

  // Whether a listener names a passed socket in place of an address: "fd:NAME", or "fd:3" by its number.
  static bool is_name(std::string_view text) { return text.starts_with("fd:"); }

  // Other listeners begin, and those before are to go: each may be taken again.
  void begin();
  // The socket that a listener which names it, or stands at its address, takes in from; empty when there is
  // none and the address is to be listened on. Each has one listener.
  Result<sys::Fd> take(std::string_view text, const sys::ListenOptions& options);

  // Those that nobody has taken, as a person may know them.
  std::vector<std::string> unused() const;

 private:
  struct Socket {
    int fd;
    std::string name;
    Result<sys::InheritedSocket> socket;
    bool taken = false;

    bool has(std::string_view wanted) const;
    bool fits(const sys::ListenOptions& options) const {
      return socket.ok() && socket.value().datagram == options.datagram;
    }
    std::string describe() const;
  };

  Result<sys::Fd> take_named(std::string_view name, const sys::ListenOptions& options);
  static Result<sys::Fd> use(Socket& socket, const sys::ListenOptions& options);
  Error no_such(std::string_view name) const;

  std::vector<Socket> sockets_;
};

}  // namespace oklo
