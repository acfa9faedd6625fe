#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/intrusive_list.h"
#include "base/slot_table.h"
#include "server/co_root.h"

#include <oklo/connection_id.h>

namespace oklo {

class Here;

namespace co {

class StreamCore;

// The coroutines of one process, and what finds them when something happens. Made when the first begins, gone
// with the Here of the process; all that still wait end then.
class Coroutines {
 public:
  Coroutines();
  Coroutines(const Coroutines&) = delete;
  Coroutines& operator=(const Coroutines&) = delete;
  ~Coroutines();

  // To ask for it where no server runs is a bug.
  static Coroutines& current();

  void add(Root& root) { running_.push_back(root); }
  void add_ended(Root& root) { ended_.push_back(root); }
  // Destroys those that have ended.
  void bury();

  // A number, never 0, for a wait that may be over before what it waits for.
  uint64_t add(TaskWait& wait);
  void forget(uint64_t ticket);
  void tell(uint64_t ticket, const TaskOutcome& outcome);

  // The streams that coroutines have, each counted as one that refers to it; by their connections.
  void add(StreamCore& stream);
  void remove(StreamCore& stream);
  StreamCore* find(ConnectionId id) const;

 private:
  struct Ticket {
    Ticket(uint32_t at, TaskWait& of, uint32_t count) : index(at), sequence(count), wait(of) {}
    uint32_t slot_index() const { return index; }
    uint64_t number() const { return uint64_t{sequence} << 32 | index; }
    uint32_t index;
    uint32_t sequence;
    TaskWait& wait;
  };
  Ticket* find_ticket(uint64_t number);

  Here& here_;
  Coroutines* before_;
  IntrusiveList<Root> running_;
  IntrusiveList<Root> ended_;
  SlotTable<Ticket> tickets_;
  uint32_t sequence_ = 0;
  std::unordered_map<uint64_t, StreamCore*> streams_;
};

}  // namespace co
}  // namespace oklo
