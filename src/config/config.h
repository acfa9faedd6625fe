#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <oklo/server.h>

namespace oklo::config {

// What a listener of tcp or udp does with what comes, or a route with a request.
enum class Answer : uint8_t {
  none,
  files,
  status,
  metrics,
  connections,
  healthz,
  readyz,
  room,
  echo,
  text,
  redirect,
};

// A field of an answer.
struct Field {
  std::string name;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};

// A route of a listener of HTTP.
struct Route {
  std::string pattern;
  Answer answer = Answer::none;
  std::string directory;       // of files, from the root
  FilesOptions files;
  std::string room;
  std::string text;
  std::string location;        // of a redirect
  uint32_t redirect_status = 302;
  WebSocketOptions websocket;  // of room and echo
  std::vector<Field> fields;
  std::vector<std::string> access;  // rules of who may ask
  friend bool operator==(const Route&, const Route&) = default;
};

// What is served at one address.
struct Listener {
  enum class Kind : uint8_t { http, tcp, udp };
  Kind kind = Kind::http;
  std::string address;
  HttpLimits http;
  std::vector<Field> fields;    // of every answer of its routes
  std::vector<Route> routes;
  StreamOptions stream;
  std::string delimiter;         // of messages of tcp, as it is written; stream has it, too
  uint8_t length_bytes = 0;      // the same of their length
  DatagramOptions datagram;
  Answer answer = Answer::none;  // of tcp and udp
  friend bool operator==(const Listener&, const Listener&) = default;
};

// What a configuration file says, all of it: plain values, to be kept, copied and compared.
struct Config {
  ServerOptions server;
  std::vector<Listener> listeners;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace oklo::config
