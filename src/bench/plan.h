#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sys/address.h"

namespace oklo::bench {

enum class Kind : uint8_t { http, websocket, tcp };

inline constexpr unsigned kConnectionsMax = 100'000;
inline constexpr unsigned kThreadsMax = 64;
inline constexpr unsigned kPipelineMax = 1024;
inline constexpr uint64_t kRateMax = 10'000'000;
inline constexpr size_t kMessageBytesMax = 1024 * 1024;

// What load there is to be: how much of what, to where, and for how long.
struct Plan {
  Kind kind = Kind::http;
  sys::Address address = {};
  std::string host = {};    // for Host; empty: of the URL, with its port where that has one
  std::string target = {};  // of the URL: path and query
  std::string fields = {};  // more lines for the head of each request, with their ends; none for tcp
  unsigned connections = 1;  // that are busy
  unsigned threads = 1;      // no more of them are begun than there are connections
  unsigned pipeline = 1;     // requests that may be under way on one connection
  uint64_t rate = 0;         // requests a second of all, sent when they are due (open loop); 0: the next one
                             // follows each answer (closed loop)
  uint64_t duration_ms = 10'000;
  uint64_t prepare_ms = 3000;     // at most, before that time begins: for the connections to be made and to
                                  // have a first answer; those that have none by then go on beside the others
  uint64_t timeout_ms = 10'000;   // for a connection to be made, and for each answer
  unsigned idle_connections = 0;  // connected, silent, beside the busy ones
  unsigned slow_connections = 0;  // send their request a byte at a time, over and over; they are not measured
  bool busy_first = false;        // the busy connections are made before the others; else behind them
  std::string tally_field = {};   // name of an answer's field: of how many connections did the first answer
                                  // have which value of it? http alone
  size_t message_bytes = 32;      // of each message: websocket, tcp
  int stop_fd = -1;               // ends the load early when it becomes readable; borrowed
};

}  // namespace oklo::bench
