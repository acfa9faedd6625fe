#include <oklo/datagram.h>

#include "stream/packet_link.h"

namespace oklo {

std::string Datagram::peer() const { return link_.peer(); }

bool Datagram::reply(std::string_view bytes) { return link_.reply(bytes); }

bool Datagram::truncated() const { return link_.truncated(); }

unsigned Datagram::listener() const { return link_.listener(); }

unsigned Datagram::worker() const { return link_.worker(); }

}  // namespace oklo
