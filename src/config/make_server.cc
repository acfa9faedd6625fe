#include "config/make_server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/ascii.h"
#include "config/echo.h"

namespace oklo::config {

namespace {

using Fields = std::vector<Field>;

void set(Response& response, const Fields& fields) {
  for (const Field& field : fields) response.header(field.name, field.value);
}

bool says_type(const Fields& fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](const Field& field) { return equal_ignoring_case(field.name, "Content-Type"); });
}

Handler text_handler(const Route& route, Fields fields) {
  return [text = route.text, typed = says_type(fields), fields = std::move(fields)](const Request&,
                                                                                    Response& response) {
    set(response, fields);
    if (typed) response.send(text);
    else response.text(text);
  };
}

Handler redirect_handler(const Route& route, Fields fields) {
  return [to = route.location, status = static_cast<int>(route.redirect_status),
          fields = std::move(fields)](const Request&, Response& response) {
    set(response, fields);
    response.redirect(to, status);
  };
}

// Who is in the room hears all that somebody in it says, and so does who said it.
WebSocketHandlers room_handlers(const std::string& name) {
  return {.on_open = [name](WebSocket& ws) { ws.join(name); },
          .on_message = [name](WebSocket& ws, std::string_view text) { ws.room(name).send(text); },
          .on_binary = [name](WebSocket& ws, std::string_view bytes) { ws.room(name).send_binary(bytes); }};
}

void add_websocket(Router& site, const Route& route, Fields fields) {
  WebSocketOptions options = route.websocket;
  bool is_room = route.answer == Answer::room;
  WebSocketHandlers handlers = is_room ? room_handlers(route.room) : echo_websocket();
  if (is_room)
    options.message_bytes = std::min<uint32_t>(options.message_bytes, Room::kMessageBytesMax);
  handlers.on_handshake = [fields = std::move(fields)](const Request&, Response& response) {
    set(response, fields);
  };
  site.websocket(route.pattern, std::move(handlers), std::move(options));
}

void add_files(Router& site, const Route& route, const Fields& fields) {
  FilesOptions options = route.files;
  for (const Field& field : fields) options.fields.emplace_back(field.name, field.value);
  site.files(route.pattern, route.directory, std::move(options));
}

// Who is named by a rule is meant, wherever he comes from.
WatchOptions watch_options(const Route& route) {
  auto allows = [](const std::string& rule) { return rule.starts_with("allow "); };
  return {.everybody = std::any_of(route.access.begin(), route.access.end(), allows)};
}

void add_route(Router& site, const Listener& listener, const Route& route) {
  if (!route.access.empty()) site.access(route.pattern, route.access);
  Fields fields = listener.fields;
  fields.insert(fields.end(), route.fields.begin(), route.fields.end());
  switch (route.answer) {
    case Answer::files: add_files(site, route, fields); break;
    case Answer::status: site.status(route.pattern, watch_options(route)); break;
    case Answer::metrics: site.metrics(route.pattern, watch_options(route)); break;
    case Answer::connections: site.connections(route.pattern, watch_options(route)); break;
    case Answer::healthz: site.healthz(route.pattern, watch_options(route)); break;
    case Answer::readyz: site.readyz(route.pattern, watch_options(route)); break;
    case Answer::text: site.get(route.pattern, text_handler(route, std::move(fields))); break;
    case Answer::redirect: site.any(route.pattern, redirect_handler(route, std::move(fields))); break;
    case Answer::room:
    case Answer::echo: add_websocket(site, route, std::move(fields)); break;
    case Answer::none: break;
  }
}

void add_listener(Server& server, const Listener& listener) {
  if (listener.kind == Listener::Kind::tcp)
    return server.tcp(listener.address, echo_stream(), listener.stream);
  if (listener.kind == Listener::Kind::udp)
    return server.udp(listener.address, echo_datagrams(listener.address), listener.datagram);
  Router site;
  for (const Route& route : listener.routes) add_route(site, listener, route);
  server.http(listener.address, std::move(site), listener.http);
}

}  // namespace

Server make_server(const Config& config) {
  Server server(config.server);
  for (const Listener& listener : config.listeners) add_listener(server, listener);
  return server;
}

}  // namespace oklo::config
