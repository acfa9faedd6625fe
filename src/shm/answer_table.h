#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "shm/shared_value.h"
#include "sys/memory.h"

#include <oklo/close_reason.h>
#include <oklo/connection_id.h>

namespace oklo {

// What has become of an answer that is under way: what its handler is to hear.
struct AnswerNews {
  uint64_t sent = 0;   // bytes of it that have left
  bool ended = false;  // the client has ended its sending side
  bool stops = false;  // the service stops: it is the last one
  std::optional<CloseReason> gone = {};  // the connection has ended

  void add(const AnswerNews& more);
};

// What the gate has told of the answers that are under way, for each row of the ConnectionTable those of its
// last request that there was news of. So who has a request in its hands and reads no wire finds it here.
// Written by the owner of the connection alone, read by anyone. Made by the master before it forks; touched
// only where there is news.
class AnswerTable {
 public:
  static Result<AnswerTable> create(uint32_t rows);

  // Of that request of the connection; what is there of another one is forgotten.
  void add(ConnectionId id, uint32_t request, const AnswerNews& news) const;
  AnswerNews find(ConnectionId id, uint32_t request) const;

 private:
  struct Place {
    uint32_t generation;
    uint32_t request;
    uint64_t sent;
    uint32_t flags;
    uint32_t reason;
  };

  explicit AnswerTable(sys::Memory memory) : memory_(std::move(memory)) {}
  SharedValue<Place>& place(ConnectionId id) const {
    return reinterpret_cast<SharedValue<Place>*>(memory_.data())[id.row];
  }

  sys::Memory memory_;
};

}  // namespace oklo
