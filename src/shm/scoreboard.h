#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/counter.h"
#include "sys/memory.h"

#include <oklo/close_reason.h>
#include <oklo/process.h>

namespace oklo {

enum class LifeState : uint8_t { none, starting, ready, draining };

// What one life tells of itself, in shared memory: a row. Written by that process (and by the master
// where it says so), read by anyone at any time. Counters only grow.
struct alignas(64) LifeRow {
  // Written by the master.
  std::atomic<int32_t> pid;
  std::atomic<uint32_t> slot;
  std::atomic<uint32_t> generation;
  std::atomic<bool> stopped;        // by a signal
  std::atomic<bool> late;           // connections wait for it and it does not turn
  std::atomic<uint32_t> rate;       // requests in the last second
  Counter started_ms;
  // Written by the process itself.
  std::atomic<LifeState> state;
  Counter turns;  // of its Reactor
  Counter busy_since_ms;  // when its turn began; 0: it waits in the kernel
  std::atomic<uint32_t> connections;
  std::atomic<bool> full;  // it has as many of them as it may
  Counter accepted;
  Counter requests;
  Counter bytes_in;
  Counter bytes_out;
  Counter log_lines_dropped;
  std::atomic<uint32_t> websockets;  // open ones
  Counter messages_dropped;   // that slow receivers of WebSockets did not get
  Counter broadcasts_missed;  // records of other workers that were overwritten before they were read, and own
                              // ones for groups that a Relay::Road refused
  Counter accept_pauses;  // times that accepting stopped because there was no room
  Counter task_since_ms;  // of a task worker: when the task that it runs began; 0: it runs none
  Counter tasks_done;     // by it
  Counter tasks_failed;   // by it, as their handlers said
  std::array<Counter, static_cast<size_t>(CloseReason::count)> closed;
};

// What the master tells of one slot: of a worker, or of a process of the program's own.
struct SlotRow {
  std::atomic<uint32_t> restarts;    // lives that died in it and were replaced
  std::atomic<uint32_t> backoff_ms;  // the wait before the next start, 0: none
  std::atomic<bool> over;            // its process has ended and is not started again
  uint32_t task_worker;              // its number among those; 0: it is none; written before the first fork
  char name[kProcessNameBytesMax + 1];  // of its process, with a NUL behind it; empty: of a worker; written
                                        // before the first fork
};

// What the master tells of the service.
struct ServiceRow {
  static constexpr size_t kAddressesBytesMax = 1024;

  std::atomic<int32_t> pid;
  std::atomic<uint32_t> generation;
  std::atomic<uint32_t> reloads;
  std::atomic<uint32_t> reloads_failed;
  std::atomic<uint32_t> generations_ended;   // that drained for too long
  Counter started_ms;
  char addresses[kAddressesBytesMax];        // each with a NUL behind it; written before the first fork
};

// The rows of all lives, made by the master before it forks. A life is the index of its row; a row is used
// again when its process is gone, and what the process counted has then been added to `gone`.
class Scoreboard {
 public:
  static Result<Scoreboard> create(uint32_t lives_max, uint32_t slots);

  LifeRow& life(uint32_t index) const;
  uint32_t size() const { return lives_; }

  // For the master: a zeroed row with state `starting`, or -1 when all are in use.
  int64_t begin_life(uint32_t slot, uint32_t generation, uint64_t now_ms) const;
  void end_life(uint32_t index) const;

  // The sum over all lives that are gone.
  const LifeRow& gone() const;

  SlotRow& slot(uint32_t index) const;
  uint32_t slots() const { return slots_; }
  ServiceRow& service() const;

 private:
  LifeRow& row(uint32_t index) const;
  Scoreboard(sys::Memory memory, uint32_t lives, uint32_t slots)
      : memory_(std::move(memory)), lives_(lives), slots_(slots) {}

  sys::Memory memory_;  // row 0 is the sum of the gone, then the lives, the slots, the service
  uint32_t lives_;
  uint32_t slots_;
};

}  // namespace oklo
