#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/result.h"
#include "sys/memory.h"

#include <oklo/connection_id.h>

namespace oklo {

// What is spoken on a connection; those of clients stand last.
enum class ConnectionKind : uint8_t {
  none, http, stream, websocket, stream_client, http_client, websocket_client,
};

// What all processes may know of one connection: 64 bytes. Written by its owner alone, read by anyone,
// so a reader may see a row in the middle of a change, and checks the generation.
struct ConnectionRow {
  std::atomic<uint32_t> generation;  // even: free, odd: in use
  std::atomic<uint32_t> owner;       // the life that owns it
  uint8_t peer_ip[16];               // IPv6 form; zeros: a unix socket
  uint16_t peer_port;
  ConnectionKind kind;
  uint8_t listener;
  uint32_t opened_s;                 // seconds on the monotonic clock
  uint32_t active_s;
  uint32_t requests;
  uint32_t queued_bytes;
  uint32_t slot;                     // where its owner keeps it
  uint64_t bytes_in;
  uint64_t bytes_out;

  const uint8_t* ip_of_peer() const;  // nullptr: a unix socket
};
static_assert(sizeof(ConnectionRow) == 64);

inline const uint8_t* ConnectionRow::ip_of_peer() const {
  uint64_t halves[2];
  std::memcpy(halves, peer_ip, sizeof halves);
  return halves[0] | halves[1] ? peer_ip : nullptr;
}

// 64 rows that have one owner, which alone touches the rest of this.
struct ConnectionChunk {
  std::atomic<uint32_t> owner;  // a life plus one, 0: nobody
  uint32_t previous;            // chunks of this owner that have free rows form a list
  uint32_t next;
  uint64_t used;                // a bit a row
};

// The rows of all connections in shared memory, made by the master before it forks. Rows are handed to
// lives in chunks: a worker opens and closes connections within its chunks without a lock, and the master
// takes back the chunks of a life that died. Pages are touched only when their rows are used.
class ConnectionTable {
 public:
  static constexpr uint32_t kChunkRows = 64;

  // `rows` is rounded up to whole chunks. Each row begins with that generation, an even number: tables that
  // follow each other begin far apart, so that no id of the one means a connection of the other.
  static Result<ConnectionTable> create(uint32_t rows, uint32_t first_generation = 0);

  ConnectionRow& row(uint32_t index) const { return first_row_[index]; }
  uint32_t size() const { return rows_; }

  // For the owner `life`: a chunk that nobody held, without a row in use; nothing when all are held.
  std::optional<uint32_t> take_chunk(uint32_t life) const;
  void return_chunk(uint32_t index) const;
  ConnectionChunk& chunk(uint32_t index) const { return chunks()[index]; }

  // For the master: frees the rows of a dead life and takes back its chunks. How many were in use.
  uint32_t reclaim(uint32_t life) const;

 private:
  ConnectionTable(sys::Memory memory, uint32_t rows, uint32_t first_generation);
  void begin_rows(uint32_t chunk) const;
  uint32_t chunk_count() const { return rows_ / kChunkRows; }
  ConnectionChunk* chunks() const { return reinterpret_cast<ConnectionChunk*>(memory_.data()); }

  sys::Memory memory_;  // the chunks, then the rows
  uint32_t rows_;
  uint32_t first_generation_;
  ConnectionRow* first_row_;
};

}  // namespace oklo
