#include "gate/crew.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace oklo::gate {

using codec::WireRecord;

namespace {

// Numbers of units wrap.
bool is_before(uint32_t unit, uint32_t other) { return static_cast<int32_t>(unit - other) < 0; }

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
    of_wire.on_record = [this, i](const WireRecord& record, sys::Fd file) {
      on_record(i, record, std::move(file));
    };
    of_wire.on_room = [this, i] { events_.on_room(i); };
    of_wire.on_broken = [this, i](uint32_t writer) { events_.on_broken(i, writer); };
    workers_[i].wire = std::make_unique<Wire>(reactor, ends[i], pid, buffer_, std::move(of_wire));
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

// A worker says with which unit it begins when it reads the first one.
void Crew::greet(Worker& worker) {
  WireRecord hello;
  hello.type = static_cast<uint8_t>(Told::hello);
  worker.wire->put(hello);
  worker.wire->commit();
}

void Crew::on_record(uint32_t index, const WireRecord& record, sys::Fd file) {
  Worker& worker = workers_[index];
  if (record.type == static_cast<uint8_t>(Said::ready)) return greet(worker);
  if (record.type == static_cast<uint8_t>(Said::begin)) return begin(worker, record);
  events_.on_record(index, record, std::move(file));
}

// What it says may have been meant for a gate before this one.
void Crew::begin(Worker& worker, const WireRecord& record) {
  Hold hold = {{}, record.number, false};
  if (record.bytes.size() != sizeof hold.reader) return;
  std::memcpy(&hold.reader, record.bytes.data(), sizeof hold.reader);
  if (hold.reader.gate_pid != pid_ || hold.reader.life >= scoreboard_.size()) return;
  worker.holds.push_back(hold);
  look();
  events_.on_change();
  // Of the gone all was told now, but for the one whose end the next one will say.
  auto last = worker.holds.end() - 1;
  auto is_gone = [](const Hold& one) { return one.gone; };
  worker.holds.erase(std::remove_if(worker.holds.begin(), last, is_gone), last);
}

bool Crew::is_there(const Reader& reader) const {
  const LifeRow& row = scoreboard_.life(reader.life);
  return row.state.load() != LifeState::none && row.serial.load() == reader.serial;
}

void Crew::look() {
  bool change = false;
  for (Worker& worker : workers_)
    for (Hold& hold : worker.holds)
      if (!hold.gone && !is_there(hold.reader)) change = hold.gone = true;
  if (change) events_.on_change();
}

bool Crew::serves(uint32_t index) const {
  const Worker& worker = workers_[index];
  if (worker.holds.empty()) return false;
  const Reader& reader = worker.holds.back().reader;
  const LifeRow& row = scoreboard_.life(reader.life);
  return is_there(reader) && row.state.load() == LifeState::ready && !row.stopped.load();
}

void Crew::read_all() {
  for (Worker& worker : workers_) worker.wire->read_all();
}

// A unit belongs to the last one that began with it or before. One that is gone had all units up to the first
// of the next; who reads last may have left some for a successor.
bool Crew::has_lost(uint32_t index, uint32_t unit) const {
  const std::vector<Hold>& holds = workers_[index].holds;
  auto began_later = [unit](const Hold& hold) { return is_before(unit, hold.first); };
  auto next = std::find_if(holds.begin(), holds.end(), began_later);
  if (next == holds.end()) return false;
  return next == holds.begin() || (next - 1)->gone;
}

}  // namespace oklo::gate
