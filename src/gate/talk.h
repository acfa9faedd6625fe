#pragma once

#include <cstdint>

#include "sys/address.h"
#include "sys/packet_reader.h"

#include <oklo/connection_id.h>

namespace oklo::gate {

// What a reactor thread of the gate tells a worker: the type of a record. But for hello and packet each tells
// of a connection, and the worker says `done` with its `number` when it has been handled.
enum class Told : uint8_t {
  hello = 1,       // there is something to read
  connected,       // these are the members of StreamHandlers
  received,        // bytes: the message
  sent,
  ended,
  buffer_full,
  buffer_drained,
  closed,          // flags: CloseReason
  http_request,    // bytes: the request, or its head alone; flags: HttpFlags
  http_news,       // of an answer that is under way: the AnswerTable has it
  ws_text,         // flags: the route; bytes: the message
  ws_binary,
  ws_closed,       // flags: the route; bytes: the code (uint16_t), the reason
  packet,          // bytes: a PacketHead, and the datagram
};

// What a worker says to a reactor thread of the gate.
enum class Said : uint8_t {
  ready = 1,      // it has begun to read this wire
  begin,          // number: the first unit of this gate that it has read; bytes: Reader
  left,           // it reads this wire no more; bytes: Reader, as in its begin
  done,           // number: of what was told
  relay,          // from its Relay; flags: kind, connection: target, bytes: payload
  send,           // to a stream; bytes
  send_file,      // the file, and bytes: FileRange
  close,          // these are the members of stream::Link; flags: CloseReason
  abort,          // flags: CloseReason
  shutdown_send,
  pause,
  resume,
  http_output,    // bytes
  http_file,      // as send_file
  http_more,      // there is more to come; until now is what was said
  http_lane,      // the file is a stream that takes the body of the request
  http_closed,    // flags: CloseReason and net::Carrier::End
  http_upgrade,   // it is a WebSocket from here on; number: the route
  ws_send_text,   // bytes: the message
  ws_send_binary,
  ws_close,       // flags: the code; bytes: the reason
  ws_join,        // bytes: the room
  ws_leave,
  packet_reply,   // bytes: the PacketHead of what it answers, and the datagram
};

// Who reads a wire, and whose units it means.
struct Reader {
  uint32_t life;
  uint32_t serial;  // LifeRow::serial
  uint32_t gate_pid;

  friend bool operator==(const Reader&, const Reader&) = default;
};

// In front of a datagram.
struct PacketHead {
  sys::Address peer;
  sys::PacketSource source;
  bool truncated;
};

// Of a request that is told.
enum HttpFlags : uint16_t {
  kBodyFollows = 1,  // over a lane
  kTimedOut = 2,     // no more has come in time
  kLastRequest = 4,  // the connection ends after the answer
  kInputEnded = 8,   // the client has ended its sending side
};

struct FileRange {
  uint64_t offset;
  uint64_t size;
};

// Whose a connection is, where nothing else says it. Rows are used again soon: the generation spreads those
// that follow each other.
inline uint32_t worker_of(ConnectionId id, uint32_t workers) {
  return (id.row + id.generation / 2) % workers;
}

inline uint64_t wire_id(ConnectionId id) { return uint64_t{id.row} << 32 | id.generation; }
inline ConnectionId connection_id(uint64_t wire_id) {
  return {static_cast<uint32_t>(wire_id >> 32), static_cast<uint32_t>(wire_id)};
}

}  // namespace oklo::gate
