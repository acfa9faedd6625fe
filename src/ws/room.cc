#include <oklo/room.h>

#include "ws/hub.h"

namespace oklo {

using codec::FrameOpcode;
using ws::Hub;

bool Room::send(std::string_view text) const {
  return Hub::current() && Hub::current()->send_to_room(name_, FrameOpcode::text, text);
}

bool Room::send_binary(std::string_view bytes) const {
  return Hub::current() && Hub::current()->send_to_room(name_, FrameOpcode::binary, bytes);
}

bool send_to_all(std::string_view text) {
  return Hub::current() && Hub::current()->send_to_all(FrameOpcode::text, text);
}

bool send_binary_to_all(std::string_view bytes) {
  return Hub::current() && Hub::current()->send_to_all(FrameOpcode::binary, bytes);
}

}  // namespace oklo
