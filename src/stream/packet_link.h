#pragma once

#include <string>
#include <string_view>

#include "sys/address.h"

#include <oklo/datagram.h>

namespace oklo::stream {

// What stands behind a Datagram in the hands of a handler: the socket where this process has it, or what
// sends messages to the process that does.
class PacketLink {
 public:
  // What a handler gets; it lives no longer than this.
  Datagram handle() { return Datagram(*this); }

  virtual std::string peer() const = 0;
  virtual bool reply(std::string_view bytes) = 0;
  virtual bool truncated() const = 0;
  virtual unsigned listener() const = 0;
  virtual unsigned worker() const = 0;

 protected:
  ~PacketLink() = default;
};

// As Datagram::peer tells it.
std::string peer_name(const sys::Address& peer);

}  // namespace oklo::stream
