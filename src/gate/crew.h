#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gate/talk.h"
#include "net/wire.h"
#include "shm/scoreboard.h"

namespace oklo::gate {

// The workers as one reactor thread of the gate knows them: a wire to each slot, and the lives that have read
// from it, one after another. Each says with which unit it began; so what was sent before belongs to the
// lives before.
class Crew {
 public:
  struct Events {
    Function<void(uint32_t worker, const codec::WireRecord& record, sys::Fd file)> on_record;
    // There is room on that wire again.
    Function<void(uint32_t worker)> on_room;
    // has_lost may have another answer.
    Function<void()> on_change;
    // That life takes no more, for it was told to leave, or it died: all that it said was read.
    Function<void(const Reader& reader, bool died)> on_gone = {};
    // Something came over the wire of that worker that no worker sends; `pid` is who sent it, or 0.
    Function<void(uint32_t worker, uint32_t pid)> on_broken;
  };
  // `ends` are the gate's ends of the wires, one for each worker; `pid` is that of the gate. All is borrowed.
  Crew(Reactor& reactor, const Scoreboard& scoreboard, const std::vector<int>& ends, uint32_t pid,
       Events events);

  // Reads from now on, and greets those who read.
  Result<void> start();
  Wire& wire(uint32_t worker) { return *workers_[worker].wire; }
  uint32_t size() const { return static_cast<uint32_t>(workers_.size()); }
  // Whether the worker of that slot is there and takes what it is told.
  bool serves(uint32_t worker) const;
  // Whether that is so, and it is not long busy with one turn, nor does anything wait for it to read.
  bool in_time(uint32_t worker) const;
  static constexpr uint32_t kTurnMs = 100;
  // How many workers have begun to take what they are told.
  uint32_t heard() const;
  // Reads all that the workers have said until now.
  void read_all();
  // Looks who is gone, reads what they have said last, and then tells by on_change.
  void look();
  // The record that on_record is called for is one that no worker sends.
  void refuse(uint32_t worker) { events_.on_broken(worker, workers_[worker].writer); }

  // Whether the life that has read this unit is gone. Of what nobody has read yet: no.
  bool has_lost(uint32_t worker, uint32_t unit) const;
  // The life that has this unit in its hands and hears no more over the wire.
  std::optional<uint32_t> left_with(uint32_t worker, uint32_t unit) const;
  // The life that has read this unit, if it still reads.
  std::optional<Reader> reader_of(uint32_t worker, uint32_t unit) const;

 private:
  struct Hold {
    Reader reader;
    uint32_t pid;
    uint32_t first;  // unit that it has read
    bool gone;       // and all that it said was read
    bool dead;
    bool left = false;   // or has said that it reads no more
  };
  struct Worker {
    std::unique_ptr<Wire> wire;
    std::vector<Hold> holds;  // the last one reads now
    uint32_t writer = 0;      // of the unit that was read last: a pid
  };

  void on_record(uint32_t worker, const codec::WireRecord& record, sys::Fd file);
  bool begin(uint32_t index, const codec::WireRecord& record);
  bool leave(uint32_t index, const codec::WireRecord& record);
  const Hold* holder_of(uint32_t worker, uint32_t unit) const;
  void greet(Worker& worker);
  bool is_there(const Reader& reader) const;
  bool bury(Worker& worker);

  Reactor& reactor_;
  const Scoreboard& scoreboard_;
  uint32_t pid_;
  Events events_;
  std::vector<char> buffer_;
  std::vector<Worker> workers_;
};

}  // namespace oklo::gate
