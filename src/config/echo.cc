#include "config/echo.h"

#include "sys/address.h"

namespace oklo::config {

namespace {

constexpr uint16_t kWellKnownPortMax = 1023;

uint16_t port_of(const std::string& address) {
  Result<sys::Address> parsed = sys::Address::parse(address);
  return parsed ? parsed->port() : uint16_t{0};
}

}  // namespace

StreamHandlers echo_stream() {
  return {.on_receive = [](Connection& connection, std::string_view bytes) { connection.send(bytes); },
          .on_buffer_full = [](Connection& connection) { connection.pause(); },
          .on_buffer_drain = [](Connection& connection) { connection.resume(); }};
}

WebSocketHandlers echo_websocket() {
  return {.on_message = [](WebSocket& ws, std::string_view text) { ws.send(text); },
          .on_binary = [](WebSocket& ws, std::string_view bytes) { ws.send_binary(bytes); }};
}

DatagramHandlers echo_datagrams(const std::string& address) {
  return {.on_packet = [own_port = port_of(address)](Datagram& packet, std::string_view bytes) {
    if (may_echo_to(packet.peer(), own_port)) packet.reply(bytes);
  }};
}

bool may_echo_to(const std::string& peer, uint16_t own_port) {
  uint16_t port = port_of(peer);
  return port > kWellKnownPortMax && port != own_port;
}

}  // namespace oklo::config
