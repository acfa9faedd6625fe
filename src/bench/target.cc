#include "bench/target.h"

#include <vector>

#include "base/ascii.h"
#include "codec/host.h"
#include "codec/http_address.h"
#include "net/destination.h"
#include "net/sync_lookup.h"
#include "net/sync_socket.h"

namespace oklo::bench {

namespace {

constexpr std::string_view kTcp = "tcp://";

bool has_scheme(std::string_view url, std::string_view scheme) {
  return equal_ignoring_case(url.substr(0, scheme.size()), scheme);
}

const char* parse_tcp(std::string_view server, Target& out) {
  if (server.ends_with('/')) server.remove_suffix(1);
  if (!codec::valid_host_with_port(server)) return "behind tcp:// there must be HOST:PORT";
  out.server = out.host = server;
  return nullptr;
}

// A name may have an address at which its server does not listen: localhost often has.
sys::Address first_that_answers(const std::vector<sys::Address>& addresses, uint64_t until_ms) {
  for (const sys::Address& address : addresses) {
    if (addresses.size() == 1 || SyncSocket().connect(address, until_ms) == 0) return address;
  }
  return addresses.front();
}

}  // namespace

const char* parse_target(std::string_view url, Target& out) {
  if (has_scheme(url, kTcp)) {
    out.kind = Kind::tcp;
    return parse_tcp(url.substr(kTcp.size()), out);
  }
  bool websocket = has_scheme(url, "ws");
  if (!websocket && !has_scheme(url, "http")) return "it must begin with http://, ws:// or tcp://";
  codec::HttpAddress address;
  const char* wrong = websocket ? codec::parse_websocket_address(url, address)
                                : codec::parse_http_address(url, address);
  if (wrong) return wrong;
  out = {websocket ? Kind::websocket : Kind::http, address.server, address.host, address.target};
  return nullptr;
}

Result<void> aim(Plan& plan, const Target& target, uint64_t until_ms) {
  Result<Destination> to = parse_destination(target.server);
  if (!to) return to.error();
  plan.kind = target.kind;
  if (plan.host.empty()) plan.host = target.host;
  plan.target = target.target;
  plan.address = to->address;
  if (to->host.empty()) return {};
  Result<std::vector<sys::Address>> found = look_up_and_wait(to->host, {}, until_ms);
  if (!found) return found.error();
  for (sys::Address& address : *found) address.set_port(to->port);
  plan.address = first_that_answers(*found, until_ms);
  return {};
}

}  // namespace oklo::bench
