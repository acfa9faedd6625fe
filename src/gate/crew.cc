#include "gate/crew.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace oklo::gate {

using codec::WireRecord;

namespace {

// Numbers of units wrap.
bool is_before(uint32_t unit, uint32_t other) { return static_cast<int32_t>(unit - other) < 0; }

std::optional<Reader> reader_in(const WireRecord& record) {
  Reader reader;
  if (record.bytes.size() != sizeof reader) return std::nullopt;
  std::memcpy(&reader, record.bytes.data(), sizeof reader);
  return reader;
}

}  // namespace

Crew::Crew(Reactor& reactor, const Scoreboard& scoreboard, const std::vector<int>& ends, uint32_t pid,
           Events events)
    : reactor_(reactor),
      scoreboard_(scoreboard),
      pid_(pid),
      events_(std::move(events)),
      buffer_(Wire::kDatagramBytes),
      workers_(ends.size()) {
  for (uint32_t i = 0; i < size(); i++) {
    Wire::Events of_wire;
    of_wire.on_unit = [this, i](uint32_t writer, uint32_t) { workers_[i].writer = writer; };
    of_wire.on_record = [this, i](const WireRecord& record, sys::Fd file) {
      on_record(i, record, std::move(file));
    };
    of_wire.on_room = [this, i] { events_.on_room(i); };
    of_wire.on_broken = [this, i](uint32_t writer) { events_.on_broken(i, writer); };
    workers_[i].wire = std::make_unique<Wire>(reactor, ends[i], pid, buffer_, std::move(of_wire),
                                              Wire::Writers::several);
  }
}

Result<void> Crew::start() {
  for (Worker& worker : workers_) {
    if (Result<void> started = worker.wire->start(); !started) return started;
    worker.wire->read(true);
    greet(worker);
  }
  return {};
}

// A worker says with which unit it begins when it reads the first one. Where something waits for it that is
// there already.
void Crew::greet(Worker& worker) {
  if (worker.wire->full()) return;
  WireRecord hello;
  hello.type = static_cast<uint8_t>(Told::hello);
  worker.wire->put(hello);
  worker.wire->commit();
}

void Crew::on_record(uint32_t index, const WireRecord& record, sys::Fd file) {
  Worker& worker = workers_[index];
  if (record.type == static_cast<uint8_t>(Said::ready)) return greet(worker);
  bool begins = record.type == static_cast<uint8_t>(Said::begin);
  if (!begins && record.type != static_cast<uint8_t>(Said::left))
    return events_.on_record(index, record, std::move(file));
  if (begins ? !begin(index, record) : !leave(index, record)) refuse(index);
}

// One that is forgotten has died meanwhile. False: no worker says that.
bool Crew::leave(uint32_t index, const WireRecord& record) {
  std::optional<Reader> said = reader_in(record);
  if (!said) return false;
  const Reader& reader = *said;
  if (reader.gate_pid != pid_) return true;
  for (Hold& hold : workers_[index].holds) {
    if (hold.reader != reader || hold.left) continue;
    hold.left = true;
    if (!hold.gone && events_.on_gone) events_.on_gone(reader, false);
    break;
  }
  return true;
}

// What it says may have been meant for a gate before this one. A life before it may be gone that left later
// than this one began: what it has said stands behind this. False: no worker says that.
bool Crew::begin(uint32_t index, const WireRecord& record) {
  Worker& worker = workers_[index];
  std::optional<Reader> said = reader_in(record);
  if (!said) return false;
  const Reader& reader = *said;
  if (reader.life >= scoreboard_.size()) return false;
  if (reader.gate_pid != pid_) return true;
  if (is_there(reader) && scoreboard_.life(reader.life).slot.load() != index) return false;
  for (const Hold& other : worker.holds)
    if (other.reader == reader) return false;
  worker.holds.push_back({reader, worker.writer, record.number, false, false});
  events_.on_change();
  // Of the gone all was told now, but for the one whose end the next one will say.
  auto last = worker.holds.end() - 1;
  auto is_gone = [](const Hold& one) { return one.gone; };
  worker.holds.erase(std::remove_if(worker.holds.begin(), last, is_gone), last);
  reactor_.post([this] { look(); });
  return true;
}

bool Crew::is_there(const Reader& reader) const {
  const LifeRow& row = scoreboard_.life(reader.life);
  return row.state.load() != LifeState::none && row.serial.load() == reader.serial;
}

// What the dead have answered is to be heard before their messages count as lost.
void Crew::look() {
  bool some = false;
  for (Worker& worker : workers_)
    for (Hold& hold : worker.holds)
      if (!hold.dead && !is_there(hold.reader)) some = hold.dead = true;
  if (!some) return;
  read_all();
  bool change = false;
  for (Worker& worker : workers_) change = bury(worker) || change;
  if (change) events_.on_change();
}

bool Crew::bury(Worker& worker) {
  bool change = false;
  for (Hold& hold : worker.holds) {
    if (!hold.dead || hold.gone) continue;
    change = hold.gone = true;
    worker.wire->forget(hold.pid);
    if (!hold.left && events_.on_gone) events_.on_gone(hold.reader, true);
  }
  return change;
}

bool Crew::serves(uint32_t index) const {
  const Worker& worker = workers_[index];
  if (worker.holds.empty()) return false;
  const Reader& reader = worker.holds.back().reader;
  const LifeRow& row = scoreboard_.life(reader.life);
  return is_there(reader) && row.state.load() == LifeState::ready && !row.stopped.load() && !row.late.load();
}

bool Crew::in_time(uint32_t index) const {
  if (!serves(index) || workers_[index].wire->full()) return false;
  const LifeRow& row = scoreboard_.life(workers_[index].holds.back().reader.life);
  uint64_t busy_since_ms = row.busy_since_ms.value();
  return busy_since_ms == 0 || reactor_.clock().now_ms < busy_since_ms + kTurnMs;
}

uint32_t Crew::heard() const {
  auto is_heard = [](const Worker& one) {
    return !one.holds.empty() && !one.holds.back().gone && !one.holds.back().left;
  };
  return static_cast<uint32_t>(std::count_if(workers_.begin(), workers_.end(), is_heard));
}

void Crew::read_all() {
  for (Worker& worker : workers_) worker.wire->read_all();
}

// A unit belongs to the last one that began with it or before. One that is gone had all units up to the first
// of the next; who reads last may have left some for a successor.
bool Crew::has_lost(uint32_t index, uint32_t unit) const {
  const std::vector<Hold>& holds = workers_[index].holds;
  auto begins_later = [unit](const Hold& hold) { return is_before(unit, hold.first); };
  auto next = std::find_if(holds.begin(), holds.end(), begins_later);
  if (next == holds.end()) return false;
  return next == holds.begin() || (next - 1)->gone;
}

const Crew::Hold* Crew::holder_of(uint32_t index, uint32_t unit) const {
  const std::vector<Hold>& holds = workers_[index].holds;
  auto has_begun = [unit](const Hold& hold) { return !is_before(unit, hold.first); };
  auto hold = std::find_if(holds.rbegin(), holds.rend(), has_begun);
  return hold == holds.rend() ? nullptr : &*hold;
}

std::optional<Reader> Crew::reader_of(uint32_t index, uint32_t unit) const {
  const Hold* hold = holder_of(index, unit);
  return hold && !hold->left && !hold->gone ? std::optional(hold->reader) : std::nullopt;
}

std::optional<uint32_t> Crew::left_with(uint32_t index, uint32_t unit) const {
  const Hold* hold = holder_of(index, unit);
  if (!hold || !is_there(hold->reader)) return std::nullopt;
  uint32_t life = hold->reader.life;
  return scoreboard_.life(life).reads_wires.load() ? std::nullopt : std::optional(life);
}

}  // namespace oklo::gate
