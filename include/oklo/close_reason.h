#pragma once

#include <cstdint>
#include <string_view>

namespace oklo {

// Why a connection ended. The names stand in the log, in the status and in the manual.
enum class CloseReason : uint8_t {
  peer_closed,      // the peer closed, between two requests or messages, or after the answer
  peer_reset,       // ECONNRESET, EPIPE or a hang-up in the middle
  finished,         // the handler closed it, or the last answer said Connection: close
  bad_request,      // what came can't be parsed: of HTTP, the answer was 400 or the like
  header_timeout,   // the head of a request did not come in time (408), or a PROXY header
  body_timeout,     // 408: the body came too slowly
  idle_timeout,     // nothing came for too long
  write_stalled,    // the peer took no bytes for too long
  queue_full,       // more waits to be sent than the limit allows
  file_shrank,      // a file became shorter while it was being sent
  handler_failed,   // the handler left a promised answer unfinished; in process mode also: its worker died
  no_memory,        // no memory, no table row or no fd for it
  drained,          // the worker is leaving, and the connection was idle, a client's or a coroutine's
  aborted,          // the worker had to end before the connection did
  message_too_big,  // one message is longer than the limit
  protocol_error,   // what came breaks the rules of its protocol (WebSocket: close code 1002 or 1007)
  denied,           // its address may not come in here (Entrance)
  too_many,         // its address has too many connections, or makes too many (AddressLimits)
  proxy_header,     // the header of the PROXY protocol in front of it is broken
  count,
};

// "peer_closed" and so on.
std::string_view close_reason_name(CloseReason reason);

}  // namespace oklo
