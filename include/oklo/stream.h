#pragma once

#include <cstdint>
#include <string_view>

#include <oklo/close_reason.h>
#include <oklo/connection.h>
#include <oklo/entrance.h>
#include <oklo/framing.h>
#include <oklo/function.h>

namespace oklo {

// What a raw service over TCP or a unix socket does: all of them are called in a worker, one at a time, and
// hold up all connections of that worker while they run. For one connection on_connect comes first and
// on_close last, each once. Only on_receive must be there.
struct StreamHandlers {
  // It was accepted; nothing has been received.
  Function<void(Connection&)> on_connect = {};
  // Bytes have come, in pieces of any size; with StreamOptions::framing one whole message, which may be
  // empty. They are borrowed until the handler returns.
  Function<void(Connection&, std::string_view bytes)> on_receive = {};
  // All that was sent has gone to the kernel. Not called for what is sent at the end, after close.
  Function<void(Connection&)> on_sent = {};
  // The peer has ended its sending side, all that it sent was received; it may still be reading. Without this
  // handler the connection is then closed when all that was sent has gone out, else it stays until the
  // handlers close it. What came of an unfinished message is dropped.
  Function<void(Connection&)> on_end = {};
  // More than StreamOptions::high_water bytes wait to be sent: a good time to send no more, or to pause. In
  // process mode what waits in a worker for the gate counts, and it may be called once more before
  // on_buffer_drain.
  Function<void(Connection&)> on_buffer_full = {};
  // After on_buffer_full: no more than low_water wait any more.
  Function<void(Connection&)> on_buffer_drain = {};
  // It has ended, and why. Nothing can be sent any more.
  Function<void(Connection&, CloseReason)> on_close = {};
};

// How a raw stream service treats its connections. Sizes are bytes, times milliseconds where the name does
// not say something else.
struct StreamOptions {
  // How the stream is cut into messages. One that is too long closes the connection with
  // CloseReason::message_too_big, a header that can't be with CloseReason::protocol_error.
  StreamFraming framing = {};
  uint32_t idle_time_ms = 0;          // nothing came for so long: closed (idle_timeout); 0: never
  uint32_t write_stall_ms = 30'000;   // the peer took nothing of what waits: closed (write_stalled)
  uint32_t high_water = 1u << 20;     // more than this waits to be sent: on_buffer_full
  uint32_t low_water = 256u << 10;    // not more than this any more: on_buffer_drain
  uint32_t queue_bytes = 64u << 20;   // more than this waits: closed (queue_full)
  uint32_t keepalive_s = 0;           // seconds of silence after which TCP probes the peer; 0: never (tcp(7))
  bool nodelay = true;                // small pieces leave at once (TCP_NODELAY)
  uint32_t backlog = 4096;            // connections that may wait to be accepted (listen(2))
  Entrance entrance = {};             // who may come in, and whether proxies stand in front

  friend bool operator==(const StreamOptions&, const StreamOptions&) = default;
};

}  // namespace oklo
