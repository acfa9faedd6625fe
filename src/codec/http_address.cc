#include "codec/http_address.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/characters.h"
#include "codec/host.h"

namespace oklo::codec {

namespace {

// Whether it begins with the scheme, which is taken away then.
bool take_scheme(std::string_view& text, std::string_view scheme) {
  if (!equal_ignoring_case(text.substr(0, scheme.size()), scheme)) return false;
  text.remove_prefix(scheme.size());
  return true;
}

// What follows the scheme.
const char* parse_rest(std::string_view text, HttpAddress& out) {
  std::string_view host = text.substr(0, text.find_first_of("/?"));
  std::string_view target = text.substr(host.size());
  if (host.find('@') != host.npos) return "a user name may not stand in it";
  if (!valid_host(host)) return "the host is missing or no host";
  if (!std::all_of(target.begin(), target.end(), is_target_char)) return "what follows the host is no path";
  size_t colon = host.rfind(':');
  bool has_port = colon != host.npos && host.find(']', colon) == host.npos;
  std::string_view name = has_port ? host.substr(0, colon) : host;
  std::string_view port = has_port ? host.substr(colon + 1) : std::string_view();
  out.server = std::string(name).append(":").append(port.empty() ? "80" : port);
  out.host = host;
  out.target = target.starts_with('/') ? "" : "/";
  out.target += target;
  return nullptr;
}

}  // namespace

const char* parse_http_address(std::string_view text, HttpAddress& out) {
  if (take_scheme(text, "https://"))
    return "https is not spoken here: put something in between that ends TLS";
  if (!take_scheme(text, "http://")) return "it must begin with http://";
  return parse_rest(text.substr(0, text.find('#')), out);
}

const char* parse_websocket_address(std::string_view text, HttpAddress& out) {
  if (take_scheme(text, "wss://")) return "wss is not spoken here: put something in between that ends TLS";
  if (!take_scheme(text, "ws://")) return "it must begin with ws://";
  return text.find('#') == text.npos ? parse_rest(text, out) : "a fragment may not stand in it";
}

}  // namespace oklo::codec
