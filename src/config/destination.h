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

template <auto kMember>
struct OfServer {
  auto& operator()(Target& target) const { return target.config->server.*kMember; }
};
template <auto kMember>
struct OfListener {
  auto& operator()(Target& target) const { return target.listener->*kMember; }
};
template <auto kOptions, auto kMember>
struct OfListenersOptions {
  auto& operator()(Target& target) const { return target.listener->*kOptions.*kMember; }
};
template <auto kMember>
struct OfRoute {
  auto& operator()(Target& target) const { return target.route->*kMember; }
};
template <auto kOptions, auto kMember>
struct OfRoutesOptions {
  auto& operator()(Target& target) const { return target.route->*kOptions.*kMember; }
};
template <auto kMember>
struct OfFraming {
  auto& operator()(Target& target) const { return target.listener->stream.framing.*kMember; }
};

template <auto kMember>
inline constexpr Destination to_server = destination<OfServer<kMember>>();
template <auto kMember>
inline constexpr Destination to_listener = destination<OfListener<kMember>>();
template <auto kMember>
inline constexpr Destination to_http = destination<OfListenersOptions<&Listener::http, kMember>>();
template <auto kMember>
inline constexpr Destination to_stream = destination<OfListenersOptions<&Listener::stream, kMember>>();
template <auto kMember>
inline constexpr Destination to_framing = destination<OfFraming<kMember>>();
template <auto kMember>
inline constexpr Destination to_datagram = destination<OfListenersOptions<&Listener::datagram, kMember>>();
template <auto kMember>
inline constexpr Destination to_route = destination<OfRoute<kMember>>();
template <auto kMember>
inline constexpr Destination to_files = destination<OfRoutesOptions<&Route::files, kMember>>();
template <auto kMember>
inline constexpr Destination to_websocket = destination<OfRoutesOptions<&Route::websocket, kMember>>();

}  // namespace oklo::config
