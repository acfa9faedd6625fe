#include "gate/worker_end.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "process/wires.h"
#include "sys/process.h"

namespace oklo::gate {

using codec::WireRecord;

WorkerEnd::WorkerEnd(WorkerContext& context)
    : context_(context),
      buffer_(Wire::kDatagramBytes),
      threads_(context.threads),
      first_gate_slot_(context.scoreboard->slots() - context.threads - 1),
      told_by_(context.threads) {
  for (uint32_t i = 0; i < threads_.size(); i++) {
    Wire::Events events;
    events.on_unit = [this, i](uint32_t writer, uint32_t number) { on_unit(i, writer, number); };
    events.on_record = [this, i](const WireRecord& record, sys::Fd) { on_record(i, record); };
    events.on_room = [this, i] {
      settle();
      end_units();
      for (WorkerPort* port : ports_) port->on_room(i);
      if (all_left() && on_all_left_) on_all_left_();
    };
    threads_[i].wire =
        std::make_unique<Wire>(*context.reactor, context.wires->worker_end(i, context.slot),
                               static_cast<uint32_t>(sys::current_pid()), buffer_, std::move(events));
  }
}

Result<void> WorkerEnd::start() {
  for (Thread& thread : threads_)
    if (Result<void> started = thread.wire->start(); !started) return started;
  return {};
}

// ---------------------------------------------------------------- hearing

void WorkerEnd::read(bool wanted) {
  wants_ = wanted;
  settle();
  if (!wanted) return;
  for (uint32_t i = 0; i < thread_count(); i++) say(i, Said::ready, {}, 0);
}

void WorkerEnd::leave(Function<void()> left) {
  wants_ = false;
  on_left_ = std::move(left);
  settle();
  end_units();
}

// In a turn after the one that has read a part, so that nobody reads on before this. Whoever comes next must
// not be heard before what this one has said until now.
void WorkerEnd::end_units() {
  if (!on_left_) return;
  bool some = false;
  for (Thread& thread : threads_) {
    thread.wire->read(thread.wire->in_unit());
    some = some || thread.wire->in_unit();
  }
  if (some) return;
  if (!std::exchange(said_left_, true)) say_left();
  if (all_left()) std::exchange(on_left_, {})();
}

void WorkerEnd::say_left() {
  WireRecord left;
  left.type = static_cast<uint8_t>(Said::left);
  for (Thread& thread : threads_) {
    Reader reader = reader_for(thread);
    left.bytes = {reinterpret_cast<const char*>(&reader), sizeof reader};
    if (thread.gate_pid) thread.wire->put(left);
    thread.wire->commit();
    thread.wire->flush();
  }
}

Reader WorkerEnd::reader_for(const Thread& thread) const {
  return {context_.life, context_.row->serial.load(), thread.gate_pid};
}

bool WorkerEnd::all_left() const {
  return std::none_of(threads_.begin(), threads_.end(), [](const Thread& one) { return one.wire->full(); });
}

// As long as a thread does not take what is said to it, nothing more is heard: so what waits has a bound.
void WorkerEnd::settle() {
  bool reads = wants_ && all_left();
  if (reads == reads_) return;
  reads_ = reads;
  for (Thread& thread : threads_) thread.wire->read(reads);
}

// What was said about the unit before leaves first: it is not lost with a worker that dies of this one. A
// gate wants to know which of its units was the first that this life has read.
void WorkerEnd::on_unit(uint32_t index, uint32_t writer, uint32_t number) {
  Thread& thread = threads_[index];
  threads_[std::exchange(heard_, index)].wire->flush();
  if (on_left_) context_.reactor->post([this] { end_units(); });
  if (std::exchange(thread.gate_pid, writer) == writer) return;
  Reader reader = reader_for(thread);
  WireRecord begin;
  begin.type = static_cast<uint8_t>(Said::begin);
  begin.number = number;
  begin.bytes = {reinterpret_cast<const char*>(&reader), sizeof reader};
  put(index, begin);
}

void WorkerEnd::on_record(uint32_t index, const WireRecord& record) {
  if (record.type == static_cast<uint8_t>(Told::hello) || record.listener >= ports_.size()) return;
  told_by_ = index;
  bool done = ports_[record.listener]->on_told(index, record);
  told_by_ = thread_count();
  if (done && record.number) say_done(index, connection_id(record.connection), record.number);
  else if (done) commit(index);
}

// ---------------------------------------------------------------- speaking

void WorkerEnd::put(uint32_t index, const WireRecord& record, sys::Fd file) {
  Wire& wire = *threads_[index].wire;
  wire.put(record, std::move(file));
  if (index != told_by_) commit(index);
}

void WorkerEnd::commit(uint32_t thread) {
  threads_[thread].wire->commit();
  settle();
}

bool WorkerEnd::flush(uint32_t thread) {
  threads_[thread].wire->flush();
  settle();
  return !threads_[thread].wire->full();
}

void WorkerEnd::say(uint32_t thread, Said type, ConnectionId id, uint8_t listener, uint16_t flags,
                    std::string_view bytes, sys::Fd file) {
  put(thread, {static_cast<uint8_t>(type), listener, flags, 0, wire_id(id), bytes}, std::move(file));
}

void WorkerEnd::say_together(uint32_t thread, Said type, ConnectionId id, uint8_t listener, uint16_t flags,
                             uint32_t number, std::string_view bytes, sys::Fd file) {
  threads_[thread].wire->put({static_cast<uint8_t>(type), listener, flags, number, wire_id(id), bytes},
                             std::move(file));
}

// Also while that message is handled: its port may say it before it returns.
void WorkerEnd::say_done(uint32_t thread, ConnectionId id, uint32_t number) {
  threads_[thread].wire->put({static_cast<uint8_t>(Said::done), 0, 0, number, wire_id(id)});
  commit(thread);
}

uint32_t WorkerEnd::thread_of(uint32_t life) const {
  if (life >= context_.scoreboard->size()) return thread_count();
  uint32_t slot = context_.scoreboard->life(life).slot.load();
  return slot >= first_gate_slot_ ? std::min(slot - first_gate_slot_, thread_count()) : thread_count();
}

// A stream is sent to, by its id.
bool WorkerEnd::may_send(uint32_t thread, Relay::Kind kind, ConnectionId id, size_t bytes) {
  if (kind != Relay::Kind::text && kind != Relay::Kind::binary) return true;
  const ConnectionRow& row = context_.connections->row(id.row);
  WorkerPort* to = row.kind == ConnectionKind::stream ? port(row.listener) : nullptr;
  return !to || to->on_send(thread, id, bytes);
}

bool WorkerEnd::carry(uint32_t life, Relay::Kind kind, uint64_t target, std::string_view payload) {
  uint32_t thread = thread_of(life);
  if (threads_[thread].wire->waiting_bytes() > kWaitingMax) return false;
  if (!may_send(thread, kind, connection_id(target), payload.size())) return false;
  put(thread, {static_cast<uint8_t>(Said::relay), 0, static_cast<uint16_t>(kind), 0, target, payload});
  return true;
}

}  // namespace oklo::gate
