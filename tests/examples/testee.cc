// A server for test suites: testee ADDRESS [DOCROOT] [--workers N] [--mode base|process]
// [--reactor-threads N] [--tcp ADDRESS] [--udp ADDRESS].
// With DOCROOT it serves that folder at "/" and answers "/cgi-bin/echo" as a CGI program of that name would;
// without, "/" answers OK and echoes what is posted to it, "/echo" the fields of the request, "/cookie" its
// cookies, a line each; WebSockets echo at "/" and "/ws", and send to all at "/ws/all". At the addresses of
// --tcp and --udp it sends back what comes.
#include <unistd.h>

#include <oklo/oklo.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append("=").append(value).append("\n");
}

// What perl prints for the length of a body and the body itself.
void cgi_echo(const oklo::Request& request, oklo::Response& response) {
  std::string_view query = request.query();
  std::string out;
  add_line(out, "METHOD", request.method());
  add_line(out, "CL", request.has_header("Transfer-Encoding") ? "" : request.header("Content-Length"));
  add_line(out, "QS", query);
  add_line(out, "URI", request.target());
  add_line(out, "PATH_INFO", request.path().substr(std::strlen("/cgi-bin/echo")));
  add_line(out, "SCRIPT_NAME", "/cgi-bin/echo");
  add_line(out, "PROTO", request.minor_version() ? "HTTP/1.1" : "HTTP/1.0");
  add_line(out, "HOST", request.header("Host"));
  add_line(out, "PROXY", "");  // Never handed on: a CGI program would take it for its own proxy.
  if (query.find("env") != query.npos) {
    add_line(out, "X_TEST", request.header("X-Test"));
    add_line(out, "CT", request.header("Content-Type"));
    add_line(out, "GI", "CGI/1.1");
    add_line(out, "RA", request.peer());
    add_line(out, "SS", "oklo");
  }
  add_line(out, "BODYLEN", std::to_string(request.body().size()));
  add_line(out, "BODY", "[" + std::string(request.body()) + "]");
  if (query.starts_with("status=")) {
    int status = std::atoi(std::string(query.substr(7)).c_str());
    if (status >= 200 && status <= 599) response.status(status);
  }
  if (query.find("nolen") == query.npos) return response.text(out);
  response.header("Content-Type", "text/plain");
  response.write(out);
  response.end();
}

oklo::Router files_site(const char* docroot) {
  oklo::Router site;
  site.files("/", docroot);
  site.any("/cgi-bin/echo", cgi_echo);
  site.any("/cgi-bin/echo/*info", cgi_echo);
  return site;
}

oklo::WebSocketHandlers echo() {
  oklo::WebSocketHandlers handlers;
  handlers.on_message = [](oklo::WebSocket& ws, std::string_view text) { ws.send(text); };
  handlers.on_binary = [](oklo::WebSocket& ws, std::string_view bytes) { ws.send_binary(bytes); };
  return handlers;
}

oklo::WebSocketHandlers broadcast() {
  oklo::WebSocketHandlers handlers;
  handlers.on_open = [](oklo::WebSocket& ws) { ws.join("all"); };
  handlers.on_message = [](oklo::WebSocket&, std::string_view text) { oklo::room("all").send(text); };
  handlers.on_binary = [](oklo::WebSocket&, std::string_view bytes) { oklo::room("all").send_binary(bytes); };
  return handlers;
}

oklo::Router plain_site() {
  oklo::Router site;
  oklo::WebSocketOptions large;
  large.message_bytes = 16 << 20;
  large.queue_bytes = 256 << 20;  // Some suites send 16 MiB before they read.
  for (const char* path : {"/", "/ws"}) site.websocket(path, echo(), large);
  site.websocket("/ws/all", broadcast(), large);
  site.get("/", [](const oklo::Request&, oklo::Response& response) { response.text("OK"); });
  site.post("/", [](const oklo::Request& request, oklo::Response& response) {
    if (request.has_header("Upgrade")) return response.fail(405);  // A WebSocket begins with GET.
    response.text(request.body());
  });
  site.any("/echo", [](const oklo::Request& request, oklo::Response& response) {
    std::string out;
    request.headers([&out](std::string_view name, std::string_view value) {
      out.append(name).append(": ").append(value).append("\n");
    });
    response.text(out);
  });
  site.any("/cookie", [](const oklo::Request& request, oklo::Response& response) {
    std::string out;
    std::string_view rest = request.header("Cookie");
    while (!rest.empty()) {
      std::string_view cookie = rest.substr(0, rest.find(';'));
      rest.remove_prefix(cookie.size() < rest.size() ? cookie.size() + 1 : rest.size());
      while (cookie.starts_with(' ')) cookie.remove_prefix(1);
      if (cookie.find('=') != cookie.npos) out.append(cookie).append("\n");
    }
    response.text(out);
  });
  return site;
}

}  // namespace

int main(int argc, char** argv) {
  oklo::ServerOptions options;
  options.workers = 1;
  options.control = "off";
  if (geteuid() == 0) options.user = "root";  // Profilers can't talk to a worker that changed its user.
  const char* tcp = nullptr;
  const char* udp = nullptr;
  const char* words[2] = {};
  int count = 0;
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], "--workers") == 0 && i + 1 < argc)
      options.workers = static_cast<unsigned>(std::atoi(argv[++i]));
    else if (std::strcmp(argv[i], "--reactor-threads") == 0 && i + 1 < argc)
      options.reactor_threads = static_cast<unsigned>(std::atoi(argv[++i]));
    else if (std::strcmp(argv[i], "--mode") == 0 && i + 1 < argc)
      options.mode =
          std::strcmp(argv[++i], "process") == 0 ? oklo::ServerMode::process : oklo::ServerMode::base;
    else if (std::strcmp(argv[i], "--tcp") == 0 && i + 1 < argc) tcp = argv[++i];
    else if (std::strcmp(argv[i], "--udp") == 0 && i + 1 < argc) udp = argv[++i];
    else if (count < 2) words[count++] = argv[i];
  }
  if (count == 0) {
    std::fputs("usage: testee ADDRESS [DOCROOT] [--workers N] [--mode base|process] [--reactor-threads N]\n"
               "              [--tcp ADDRESS] [--udp ADDRESS]\n", stderr);
    return 100;
  }
  oklo::Server server(options);
  server.http(words[0], words[1] ? files_site(words[1]) : plain_site());
  if (tcp) server.tcp(tcp, {.on_receive = [](oklo::Connection& c, std::string_view bytes) {
                        c.send(bytes);
                      }});
  if (udp) server.udp(udp, {.on_packet = [](oklo::Datagram& packet, std::string_view bytes) {
                        packet.reply(bytes);
                      }});
  return server.run();
}
