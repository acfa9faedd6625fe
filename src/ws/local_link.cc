#include "ws/local_link.h"

#include "sys/address.h"
#include "ws/session.h"

namespace oklo::ws {

std::string LocalLink::peer() const { return sys::peer_host(connection_.row().ip_of_peer()); }

void LocalLink::close(uint16_t code, std::string_view reason) {
  service_.close(connection_, code, reason, CloseReason::finished);
}

void* LocalLink::state() {
  unsigned char*& state = connection_.session<Session>().state;
  if (!state) state = new unsigned char[kStateBytes]();
  return state;
}

}  // namespace oklo::ws
