#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "shm/answer_table.h"
#include "sys/memory.h"

#include <oklo/connection_id.h>

namespace oklo {

// What handlers keep of each connection in process mode, where any worker may be the next to be told of it: a
// place for each row of the ConnectionTable. Written by whoever has a message of the connection in its hands,
// one at a time. Made by the master before it forks; touched only where something is kept.
class ConnectionStates {
 public:
  static constexpr size_t kBytes = 64;

  static Result<ConnectionStates> create(uint32_t rows);

  // kBytes bytes, zeroed when the connection asks for the first time.
  void* memory(ConnectionId id) const { return fresh(id).memory; }
  // The user that a program said it belongs to; 0: none.
  void bind(ConnectionId id, uint64_t user) const { fresh(id).user = user; }
  uint64_t user(ConnectionId id) const;
  // Its own address, in IPv6 form; port 0: it was not kept.
  struct Local {
    uint8_t ip[16];
    uint16_t port;
  };
  void keep_local(ConnectionId id, const Local& local) const { fresh(id).local = local; }
  Local local(ConnectionId id) const;

  // What handlers are to hear of their answers, which has a writer of its own.
  const AnswerTable& answers() const { return answers_; }

 private:
  struct State {
    uint32_t generation;  // whose it is
    Local local;
    uint64_t user;
    alignas(8) unsigned char memory[kBytes];
  };

  ConnectionStates(sys::Memory memory, AnswerTable answers)
      : memory_(std::move(memory)), answers_(std::move(answers)) {}
  State& state(ConnectionId id) const { return reinterpret_cast<State*>(memory_.data())[id.row]; }
  State& fresh(ConnectionId id) const;

  sys::Memory memory_;
  AnswerTable answers_;
};

}  // namespace oklo
