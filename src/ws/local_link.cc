#include "ws/local_link.h"

#include "sys/address.h"
#include "ws/session.h"

namespace oklo::ws {

std::string LocalLink::peer() const {
  const ConnectionRow& row = connection_.row();
  return row.peer_port ? sys::Address::from_ip(row.peer_ip, 0).host() : "unix";
}

void LocalLink::close(uint16_t code, std::string_view reason) {
  service_.close(connection_, code, reason, CloseReason::finished);
}

void* LocalLink::state() {
  unsigned char*& state = connection_.session<Session>().state;
  if (!state) state = new unsigned char[WebSocket::kStateBytes]();
  return state;
}

}  // namespace oklo::ws
