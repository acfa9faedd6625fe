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
  packet,          // bytes: a PacketHead, and the datagram
};

// What a worker says to a reactor thread of the gate.
enum class Said : uint8_t {
  ready = 1,      // it has begun to read this wire
  begin,          // number: the first unit of this gate that it has read; bytes: Reader
  done,           // number: of what was told
  relay,          // from its Relay; flags: kind, connection: target, bytes: payload
  send,           // to a stream; bytes
  send_file,      // the file, and bytes: FileRange
  close,          // these are the members of stream::Link
  abort,
  shutdown_send,
  pause,
  resume,
  packet_reply,   // bytes: the PacketHead of what it answers, and the datagram
};

// Who reads a wire, and whose units it means.
struct Reader {
  uint32_t life;
  uint32_t serial;  // LifeRow::serial
  uint32_t gate_pid;
};

// In front of a datagram.
struct PacketHead {
  sys::Address peer;
  sys::PacketSource source;
  bool truncated;
};

struct FileRange {
  uint64_t offset;
  uint64_t size;
};

inline uint64_t wire_id(ConnectionId id) { return uint64_t{id.row} << 32 | id.generation; }
inline ConnectionId connection_id(uint64_t wire_id) {
  return {static_cast<uint32_t>(wire_id >> 32), static_cast<uint32_t>(wire_id)};
}

}  // namespace oklo::gate
