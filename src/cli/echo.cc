#include "cli/echo.h"

#include "config/echo.h"
#include "sys/address.h"

namespace oklo::cli {

namespace {

constexpr uint32_t kIdleTimeMs = 300'000;

}  // namespace

void add_echo(Server& server, const std::string& address) {
  server.tcp(address, config::echo_stream(), {.idle_time_ms = kIdleTimeMs});
  server.udp(address, config::echo_datagrams(address));
}

std::string address_behind(const std::string& address) {
  Result<sys::Address> parsed = sys::Address::parse(address);
  if (!parsed || parsed->is_unix()) return "";
  uint16_t port = parsed->port();
  parsed->set_port(port == 0 || port == UINT16_MAX ? uint16_t{0} : static_cast<uint16_t>(port + 1));
  return parsed->to_string();
}

}  // namespace oklo::cli
