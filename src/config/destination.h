#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/config.h"

namespace oklo::config {

// What the directives of a block write to: the innermost listener and route, where there are any.
struct Target {
  Config* config = nullptr;
  Listener* listener = nullptr;
  Route* route = nullptr;
};

// Where in a Target the value of a directive goes: one of these kinds.
struct Destination {
  uint64_t (*number)(Target&) = nullptr;
  void (*set_number)(Target&, uint64_t) = nullptr;
  std::string& (*text)(Target&) = nullptr;
  std::vector<std::string>& (*texts)(Target&) = nullptr;
  std::vector<Field>& (*fields)(Target&) = nullptr;
};

// The Destination that a function of a Target gives a reference to.
template <class Reach>
constexpr Destination destination() {
  using Value = std::remove_reference_t<decltype(Reach{}(std::declval<Target&>()))>;
  Destination to;
  if constexpr (std::is_same_v<Value, std::string>) {
    to.text = [](Target& target) -> std::string& { return Reach{}(target); };
  } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
    to.texts = [](Target& target) -> std::vector<std::string>& { return Reach{}(target); };
  } else if constexpr (std::is_same_v<Value, std::vector<Field>>) {
    to.fields = [](Target& target) -> std::vector<Field>& { return Reach{}(target); };
  } else {
    to.number = [](Target& target) { return static_cast<uint64_t>(Reach{}(target)); };
    to.set_number = [](Target& target, uint64_t value) { Reach{}(target) = static_cast<Value>(value); };
  }
  return to;
}

// Members of members: the last one is what is meant.
template <auto... kPath>
struct OfServer {
  auto& operator()(Target& target) const { return (target.config->server .* ... .* kPath); }
};
template <auto... kPath>
struct OfListener {
  auto& operator()(Target& target) const { return ((*target.listener) .* ... .* kPath); }
};
template <auto... kPath>
struct OfRoute {
  auto& operator()(Target& target) const { return ((*target.route) .* ... .* kPath); }
};
// Of a listener of http or of tcp, each of which has it among its own options.
template <auto kMember>
struct OfEntrance {
  auto& operator()(Target& target) const {
    Listener& listener = *target.listener;
    bool is_http = listener.kind == Listener::Kind::http;
    return (is_http ? listener.http.entrance : listener.stream.entrance).*kMember;
  }
};

template <auto... kPath>
inline constexpr Destination to_server = destination<OfServer<kPath...>>();
template <auto... kPath>
inline constexpr Destination to_listener = destination<OfListener<kPath...>>();
template <auto kMember>
inline constexpr Destination to_http = to_listener<&Listener::http, kMember>;
template <auto... kPath>
inline constexpr Destination to_stream = to_listener<&Listener::stream, kPath...>;
template <auto kMember>
inline constexpr Destination to_framing = to_stream<&StreamOptions::framing, kMember>;
template <auto kMember>
inline constexpr Destination to_datagram = to_listener<&Listener::datagram, kMember>;
template <auto kMember>
inline constexpr Destination to_entrance = destination<OfEntrance<kMember>>();
template <auto... kPath>
inline constexpr Destination to_route = destination<OfRoute<kPath...>>();
template <auto kMember>
inline constexpr Destination to_files = to_route<&Route::files, kMember>;
template <auto kMember>
inline constexpr Destination to_websocket = to_route<&Route::websocket, kMember>;

}  // namespace oklo::config
