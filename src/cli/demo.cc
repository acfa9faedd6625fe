#include <string>

#include "base/embedded.h"
#include "codec/mime.h"
#include "cli/commands.h"
#include "sys/stderr.h"

namespace oklo::cli {

namespace {

// What a page may do (Content Security Policy Level 3): load from here, connect to here, and nothing else.
// A script may not make elements out of text.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

void add_page(Router& site, std::string_view path, std::string_view name) {
  site.get(path, [name, bytes = unpack(*find_embedded(name))](const Request&, Response& response) {
    response.header("Content-Type", codec::media_type(name));
    response.header("Cache-Control", "no-cache");
    response.header("Content-Security-Policy", kPolicy);
    response.header("X-Content-Type-Options", "nosniff");
    response.send(bytes);
  });
}

// Text that a client chose; a browser must not take it for a page.
void send_plain(Response& response, std::string_view before, std::string_view text, std::string_view after) {
  response.header("X-Content-Type-Options", "nosniff");
  response.text(before, text, after);
}

Router demo_site() {
  Router site;
  add_page(site, "/", "pages/index.html");
  add_page(site, "/status", "pages/status.html");
  add_page(site, "/style.css", "pages/style.css");
  add_page(site, "/index.js", "pages/index.js");
  add_page(site, "/status.js", "pages/status.js");
  // Browsers ask for the second name when what they show is no page, as /status.json.
  for (std::string_view path : {"/favicon.svg", "/favicon.ico"}) add_page(site, path, "pages/favicon.svg");
  site.status("/status.json");
  site.get("/hello/:name", [](const Request& request, Response& response) {
    send_plain(response, "hello, ", request.param("name"), "\n");
  });
  site.post("/echo", [](const Request& request, Response& response) {
    send_plain(response, "", request.body(), "");
  });
  return site;
}

// Where a browser finds it; "all addresses" is no place to go to.
std::string base_url(std::string_view address) {
  if (address.starts_with("unix:"))
    return "curl --unix-socket " + std::string(address.substr(5)) + " http://localhost";
  size_t colon = address.rfind(':');
  std::string_view host = address.substr(0, colon);
  if (host == "[::]" || host == "0.0.0.0") host = "localhost";
  return "http://" + std::string(host) + std::string(address.substr(colon));
}

void print_urls(const std::vector<std::string>& addresses, bool daemon) {
  std::string text = "oklo demo is up; stop it with " + std::string(daemon ? "oklo stop" : "Ctrl-C") + "\n";
  for (const std::string& address : addresses) {
    std::string base = base_url(address);
    text += "  " + base + "/\n  " + base + "/status\n";
  }
  sys::print(1, text);
}

}  // namespace

int run_demo(const Command&, const Options& options) {
  std::string address(options.words.empty() ? "127.0.0.1:8080" : options.words[0]);
  Server server(options.server);
  server.http(address, demo_site());
  server.on_up([daemon = options.server.daemon](const std::vector<std::string>& addresses) {
    print_urls(addresses, daemon);
  });
  return server.run();
}

}  // namespace oklo::cli
