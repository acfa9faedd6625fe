#include <string>

#include "base/embedded.h"
#include "codec/mime.h"
#include "cli/chat.h"
#include "cli/commands.h"
#include "cli/echo.h"
#include "cli/jobs.h"
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

// Browsers ask for /favicon.ico when what they show is no page, as /status.json.
constexpr struct {
  std::string_view path, file;
} kPages[] = {
    {"/", "pages/index.html"},            {"/chat", "pages/chat.html"},
    {"/tasks", "pages/tasks.html"},       {"/status", "pages/status.html"},
    {"/style.css", "pages/style.css"},    {"/chat.css", "pages/chat.css"},
    {"/tasks.css", "pages/tasks.css"},    {"/index.js", "pages/index.js"},
    {"/chat.js", "pages/chat.js"},        {"/tasks.js", "pages/tasks.js"},
    {"/status.js", "pages/status.js"},    {"/favicon.svg", "pages/favicon.svg"},
    {"/favicon.ico", "pages/favicon.svg"},
};

Router demo_site(Chat& chat, Jobs& jobs) {
  Router site;
  for (const auto& page : kPages) add_page(site, page.path, page.file);
  chat.add_to(site, "/chat/ws");
  jobs.add_to(site, "/tasks");
  site.status("/status.json", {.everybody = true});
  site.connections("/connections.json").metrics("/metrics").healthz("/healthz").readyz("/readyz");
  site.get("/hello/:name", [](const Request& request, Response& response) {
    send_plain(response, "hello, ", request.param("name"), "\n");
  });
  site.post("/echo", [](const Request& request, Response& response) {
    send_plain(response, "", request.body(), "");
  });
  return site;
}

// "All addresses" is no place to go to.
std::string reachable(std::string_view address) {
  size_t colon = address.rfind(':');
  std::string_view host = address.substr(0, colon);
  if (host == "[::]" || host == "0.0.0.0") host = "localhost";
  return std::string(host) + std::string(address.substr(colon));
}

// Where a browser finds it.
std::string base_url(std::string_view address) {
  if (address.starts_with("unix:"))
    return "curl --unix-socket " + std::string(address.substr(5)) + " http://localhost";
  return "http://" + reachable(address);
}

// Of HTTP, then TCP and UDP where they echo.
void print_addresses(const std::vector<std::string>& addresses, bool daemon) {
  std::string base = base_url(addresses[0]);
  std::string text = "oklo demo is up; stop it with " + std::string(daemon ? "oklo stop" : "Ctrl-C") + "\n";
  text += "  pages     " + base + "/\n  chat      " + base + "/chat\n  tasks     " + base + "/tasks\n";
  text += "  status    " + base + "/status\n";
  for (size_t i = 1; i < addresses.size(); i++)
    text += (i == 1 ? "  TCP echo  " : "  UDP echo  ") + reachable(addresses[i]) + "\n";
  sys::print(1, text);
}

}  // namespace

int run_demo(const Command&, const Options& options) {
  std::string address(options.words.empty() ? "127.0.0.1:8080" : options.words[0]);
  std::string echo = options.echo.empty() ? address_behind(address) : options.echo;
  if (echo.starts_with("unix:")) return complain("--echo takes an address with a port, or off", kUsage);
  Chat chat;
  Jobs jobs;
  if (std::string error = chat.error() + jobs.error(); !error.empty()) return complain(error, kFailed);
  ServerOptions server_options = options.server;
  server_options.task_workers = Jobs::kTaskWorkers;
  server_options.task_queue = Jobs::kUnderWayMax;
  Server server(server_options);
  server.http(address, demo_site(chat, jobs));
  if (!echo.empty() && echo != "off") add_echo(server, echo);
  chat.add_to(server);
  jobs.add_to(server);
  server.on_worker_start([&chat, &jobs](unsigned) {
    chat.on_worker_start();
    jobs.on_worker_start();
  });
  server.on_up([daemon = options.server.daemon](const std::vector<std::string>& addresses) {
    print_addresses(addresses, daemon);
  });
  return server.run();
}

}  // namespace oklo::cli
