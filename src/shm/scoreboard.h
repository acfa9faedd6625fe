#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/counter.h"
#include "base/histogram.h"
#include "shm/shared_value.h"
#include "sys/memory.h"

#include <oklo/close_reason.h>
#include <oklo/process.h>

namespace oklo {

enum class LifeState : uint8_t { none, starting, ready, draining };

// What a life is there for: a worker, a process of the program's own, a task worker; in process mode also a
// thread of the gate, and the manager.
enum class Role : uint8_t { worker, process, task_worker, gate_thread, manager };

// A process that begins and ends lives: whoever keeps the workers, which in base mode is the master and in
// process mode the manager; and the master of process mode, which keeps the gate and the manager.
enum class Keeper : uint8_t { workers, gate };

// What a task worker does: a task and its record in the TaskTable, as long as its handler takes.
struct RunningTask {
  uint64_t since_ms = 0;  // 0: it runs none
  uint32_t kind = 0;
  uint32_t record = 0;
  uint32_t generation = 0;
  uint32_t attempt = 0;

  friend bool operator==(const RunningTask&, const RunningTask&) = default;
};

// How long clients waited, in microseconds: 55 counters, the last one for two minutes and more.
using LatencyHistogram = Histogram<27>;

// What a thread tells of its turn.
struct ThreadTurn {
  Counter busy_since_ms;         // when it began; 0: it waits in the kernel
  std::atomic<int32_t> answers;  // the number of the thread, when that tells its stack on a signal; else 0
};

// What one life tells of itself, in shared memory: a row. Written by that process (and by its keeper
// where it says so), read by anyone at any time. Counters only grow.
struct alignas(64) LifeRow : ThreadTurn {
  // Written by its keeper.
  std::atomic<int32_t> pid;         // and by itself, as the first thing
  std::atomic<uint32_t> serial;     // another one for each life that has this row
  std::atomic<uint32_t> slot;
  std::atomic<uint32_t> generation;
  std::atomic<bool> stopped;        // by a signal
  std::atomic<bool> late;           // connections wait for it and it does not turn
  std::atomic<uint32_t> rate;       // requests in the last second
  Counter started_ms;
  std::atomic<bool> broken;         // says what no worker says: written by a thread of the gate
  std::atomic<bool> reads_wires;    // of its slot: it was told to begin; it says itself that it has ended
  // Written by the process itself.
  std::atomic<LifeState> state;
  Counter turns;  // of its Reactor
  ThreadTurn first_thread;  // of the gate, which is no life: in the row of the next one
  std::atomic<uint32_t> connections;
  std::atomic<bool> full;  // it has as many of them as it may
  Counter accepted;
  Counter requests;
  Counter bytes_in;
  Counter bytes_out;
  Counter log_lines_dropped;    // of the access log
  Counter error_lines_dropped;  // of the error log
  std::atomic<uint32_t> websockets;  // open ones
  Counter messages_dropped;   // that slow receivers of WebSockets did not get
  Counter broadcasts_missed;  // records of other workers that were overwritten before they were read, and own
                              // ones for groups that a Relay::Road refused
  Counter accept_pauses;  // times that accepting stopped because there was no room
  Counter requests_limited;   // of addresses that made too many: answered 429, or a raw connection closed, or
                              // a datagram dropped
  Counter packets_refused;    // datagrams of who may not send, or not as many
  Counter addresses_unknown;  // let in because the AddressTable had no place for their address
  Counter workers_heard;      // of a thread of the gate: workers that take what it tells them
  Counter dispatched_wrong;   // of a thread of the gate: workers that the program named and are not there
  Counter packets_dropped;    // the same: datagrams for workers that had no room
  Counter wires_broken;       // the same: what came over wires that no worker sends
  Counter deliveries_lost;    // the same: what workers had in their hands when they died, and nobody was told
                              // again
  Counter deliveries_repeated;  // the same, and it was told to another worker
  SharedValue<RunningTask> task;  // of a task worker
  Counter tasks_done;             // by it
  Counter tasks_failed;           // by it, as their handlers said
  std::array<Counter, static_cast<size_t>(CloseReason::count)> closed;
  LatencyHistogram answer_us;     // of HTTP, from the turn in which the head of the request was complete
                                  // until the begin of the answer was given to the socket, by who has that
};

// What its keeper tells of one slot: the place of lives that follow each other.
struct SlotRow {
  std::atomic<uint32_t> restarts;    // lives that died in it and were replaced
  std::atomic<uint32_t> backoff_ms;  // the wait before the next start, 0: none
  std::atomic<bool> over;            // its process has ended and is not started again
  std::atomic<uint32_t> accept_queue;      // written by the master: how many connections wait to be accepted
  std::atomic<uint32_t> accept_queue_max;  // the same: how many may, 0: the kernel does not tell
  Role role;                         // written before the first fork, as the rest
  uint32_t task_worker;              // its number among those; 0: it is none
  char name[kProcessNameBytesMax + 1];  // of its process, with a NUL behind it; empty: of a worker
};

// What the master tells of the service.
struct ServiceRow {
  static constexpr size_t kAddressesBytesMax = 1024;

  std::atomic<int32_t> pid;
  std::atomic<uint32_t> generation;
  std::atomic<uint32_t> reloads;
  std::atomic<uint32_t> reloads_failed;
  std::atomic<uint32_t> generations_ended;   // that drained for too long
  Counter error_lines_dropped;               // by the master
  std::atomic<bool> stopping;                // was told to stop
  Counter started_ms;
  char addresses[kAddressesBytesMax];        // each with a NUL behind it; written before the first fork
};

// The rows of all lives, made by the master before it forks. A life is the index of its row; a row is used
// again when its process is gone, and what the process counted has then been added to `gone`.
class Scoreboard {
 public:
  // The first `gate_lives` rows are for the keeper of the gate, the others for that of the workers.
  static Result<Scoreboard> create(uint32_t lives_max, uint32_t slots, uint32_t gate_lives = 0);

  LifeRow& life(uint32_t index) const;
  uint32_t size() const { return lives_; }

  // For a keeper: a zeroed row with state `starting`, or -1 when all of its own are in use.
  int64_t begin_life(uint32_t slot, uint32_t generation, uint64_t now_ms,
                     Keeper keeper = Keeper::workers) const;
  // Of a life of any keeper: `by` adds what it counted to a sum of its own.
  void end_life(uint32_t index, Keeper by = Keeper::workers) const;
  uint32_t gate_lives() const { return gate_lives_; }

  // The sum over all lives that are gone and were ended by that keeper.
  const LifeRow& gone(Keeper by = Keeper::workers) const;
  // What was counted in the Scoreboards before this one.
  const LifeRow& before() const { return row(kBefore); }
  // For the master: what all of that one have counted until now is what was before this one.
  void carry(const Scoreboard& from) const;

  SlotRow& slot(uint32_t index) const;
  uint32_t slots() const { return slots_; }
  ServiceRow& service() const;

 private:
  LifeRow& row(uint32_t index) const;
  Scoreboard(sys::Memory memory, uint32_t lives, uint32_t slots, uint32_t gate_lives)
      : memory_(std::move(memory)), lives_(lives), slots_(slots), gate_lives_(gate_lives) {}

  static constexpr uint32_t kBefore = 2;
  static constexpr uint32_t kSums = 3;  // of the gone, one for each keeper, and kBefore

  sys::Memory memory_;  // first the sums, then the lives, the service, the slots
  uint32_t lives_;
  uint32_t slots_;
  uint32_t gate_lives_;
};

}  // namespace oklo
