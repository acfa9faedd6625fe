#include <string>

#include "base/embedded.h"
#include "codec/mime.h"
#include "cli/commands.h"
#include "sys/stderr.h"

namespace oklo::cli {

namespace {

void add_page(Router& site, std::string_view path, std::string_view name) {
  site.get(path, [name](const Request&, Response& response) {
    const EmbeddedFile* page = find_embedded(name);
    response.header("Content-Type", codec::media_type(name));
    response.header("Cache-Control", "no-cache");
    response.send(page->bytes);
  });
}

Router demo_site() {
  Router site;
  add_page(site, "/", "pages/index.html");
  add_page(site, "/status", "pages/status.html");
  add_page(site, "/style.css", "pages/style.css");
  add_page(site, "/status.js", "pages/status.js");
  site.status("/status.json");
  site.get("/hello/:name", [](const Request& request, Response& response) {
    response.text("hello, ", request.param("name"), "\n");
  });
  site.post("/echo", [](const Request& request, Response& response) { response.text(request.body()); });
  return site;
}

void print_urls(const std::vector<std::string>& addresses) {
  std::string text = "oklo demo is up; stop it with Ctrl-C\n";
  for (const std::string& address : addresses) {
    bool local = address.starts_with("unix:");
    std::string base =
        local ? "curl --unix-socket " + address.substr(5) + " http://localhost" : "http://" + address;
    text += "  " + base + "/\n  " + base + "/status\n";
  }
  sys::print(1, text);
}

}  // namespace

int run_demo(const Command&, const Options& options) {
  std::string address(options.words.empty() ? "127.0.0.1:8080" : options.words[0]);
  Server server(options.server);
  server.http(address, demo_site());
  server.on_up(print_urls);
  return server.run();
}

}  // namespace oklo::cli
