#include "cli/echo.h"

#include "sys/address.h"

namespace oklo::cli {

namespace {

constexpr uint16_t kWellKnownPortMax = 1023;
constexpr uint32_t kIdleTimeMs = 300'000;

uint16_t port_of(const std::string& address) {
  Result<sys::Address> parsed = sys::Address::parse(address);
  return parsed ? parsed->port() : uint16_t{0};
}

}  // namespace

// A client that sends and does not read is not read from either.
void add_echo(Server& server, const std::string& address) {
  server.tcp(address,
             {.on_receive = [](Connection& connection, std::string_view bytes) { connection.send(bytes); },
              .on_buffer_full = [](Connection& connection) { connection.pause(); },
              .on_buffer_drain = [](Connection& connection) { connection.resume(); }},
             {.idle_time_ms = kIdleTimeMs});
  server.udp(address, {.on_packet = [own_port = port_of(address)](Datagram& packet, std::string_view bytes) {
               if (may_echo_to(packet.peer(), own_port)) packet.reply(bytes);
             }});
}

std::string address_behind(const std::string& address) {
  Result<sys::Address> parsed = sys::Address::parse(address);
  if (!parsed || parsed->is_unix()) return "";
  uint16_t port = parsed->port();
  parsed->set_port(port == 0 || port == UINT16_MAX ? uint16_t{0} : static_cast<uint16_t>(port + 1));
  return parsed->to_string();
}

bool may_echo_to(const std::string& peer, uint16_t own_port) {
  uint16_t port = port_of(peer);
  return port > kWellKnownPortMax && port != own_port;
}

}  // namespace oklo::cli
