#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/limits.h>
#include <oklo/router.h>

namespace oklo {

// The version of the library, as "0.1.0".
std::string_view version();

// How requests are logged.
enum class LogFormat : uint8_t { common, json };

struct ServerOptions {
  unsigned workers = 0;             // processes that serve; 0: one for each processor this process may use
  std::string user = {};            // whom the workers run as, a name or number; empty as root: 65534
  std::string control = {};  // path of the control socket; empty: oklo-PORT.sock in /run or
                             // $XDG_RUNTIME_DIR; "off"
  std::string pid_file = {};        // empty: none
  bool daemon = false;  // detach from the terminal; run returns in the parent when the service is up
  std::string access_log = "off";   // "stderr", "off" or a path
  LogFormat access_log_format = LogFormat::common;
  uint32_t shutdown_timeout_ms = 30'000;  // how long a graceful stop may take
  uint32_t connections_max = 0;     // of all workers together; 0: as many as the limit of open files allows
};

// A supervised server: a master process and its workers. Add what it serves, then run.
class Server {
 public:
  explicit Server(ServerOptions options = {});
  Server(Server&&) noexcept;
  ~Server();

  // Serves HTTP on an address: "8080" or ":8080" (all addresses), "127.0.0.1:8080", "[::1]:8080",
  // "unix:/path". Errors show when run is called.
  void http(std::string_view address, Router router, HttpLimits limits = {});

  // Called in the master when the service is up, with the addresses it listens on, in the order of the
  // calls of http and with the port that the kernel chose for port 0.
  void on_up(Function<void(const std::vector<std::string>& addresses)> function);

  // Serves until it is told to stop. 0 after a stop, else after one line on stderr: 1 failed, 100 wrong
  // options, 111 a temporary failure such as an address in use.
  int run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
