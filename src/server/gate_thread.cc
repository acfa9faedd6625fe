#include "server/gate_thread.h"

#include <utility>

#include "base/number.h"
#include "process/wires.h"
#include "shm/connection_states.h"
#include "sys/process.h"

namespace oklo {

namespace {

std::vector<int> gate_ends(const WorkerContext& context) {
  std::vector<int> ends;
  for (uint32_t slot = 0; slot < context.slots; slot++)
    ends.push_back(context.wires->gate_end(context.thread, slot));
  return ends;
}

}  // namespace

GateThread::GateThread(WorkerContext& context, const std::vector<std::unique_ptr<Service>>& services,
                       const ServerOptions& options, const DispatchFunction& dispatch, gate::Load& load,
                       Reach reach, uint32_t connections_max)
    : context_(context),
      base_(context, reach, options.access_log_format, connections_max),
      crew_(*context.reactor, *context.scoreboard, gate_ends(context),
            static_cast<uint32_t>(sys::current_pid()),
            {.on_record = [this](uint32_t worker, const codec::WireRecord& record,
                                 sys::Fd file) { on_record(worker, record, std::move(file)); },
             .on_room = [this](uint32_t worker) { deliveries_.on_room(worker); },
             .on_change = [this] { on_change(); },
             .on_gone = [this](const gate::Reader& reader, bool died) { on_gone(reader, died); },
             .on_broken = [this](uint32_t worker, uint32_t pid) { on_broken(worker, pid); }}),
      dispatcher_(options.dispatch, dispatch, crew_, *context.states, *context.row, load),
      deliveries_(base_.pool(), crew_, dispatcher_, load, context.states->answers(),
                  options.on_worker_death, ports_) {
  GateSide side = {deliveries_, ports_};
  base_.open_ports(services, &side);
  base_.relay().before_rings([this] {
    crew_.read_all();
    crew_.look();
  });
  base_.on_finished([this] {
    finishing_ = true;
    finish();
  });
  deliveries_.on_empty([this] { finish(); });
  deliveries_.on_ring([this](uint32_t life) { context_.broadcast->bell(life).ring(); });
}

void GateThread::on_change() {
  context_.row->workers_heard.set(crew_.heard());
  deliveries_.on_change();
}

void GateThread::on_gone(const gate::Reader& reader, bool died) {
  context_.row->workers_heard.set(crew_.heard());
  deliveries_.on_gone(reader, died);
}

Result<void> GateThread::start() {
  if (Result<void> started = crew_.start(); !started) return started;
  return base_.start();
}

void GateThread::on_record(uint32_t worker, const codec::WireRecord& record, sys::Fd file) {
  bool is_relay = record.type == static_cast<uint8_t>(gate::Said::relay);
  bool heard = is_relay ? relay(record) : deliveries_.hear(worker, record, std::move(file));
  if (!heard) crew_.refuse(worker);
}

bool GateThread::relay(const codec::WireRecord& record) {
  Relay::Kind kind = static_cast<Relay::Kind>(record.flags);
  return record.flags <= UINT8_MAX && base_.relay().take(kind, record.connection, record.bytes);
}

// Whoever keeps the workers sees it and replaces that one.
void GateThread::on_broken(uint32_t worker, uint32_t pid) {
  context_.row->wires_broken.add(1);
  context_.log->line("worker " + decimal(worker + 1) + " (pid " + decimal(pid) +
                     ") said what no worker says: dropped");
  for (uint32_t i = 0; i < context_.scoreboard->size(); i++) {
    LifeRow& life = context_.scoreboard->life(i);
    bool its_own = pid && life.slot.load() == worker && static_cast<uint32_t>(life.pid.load()) == pid;
    if (its_own) life.broken = true;
  }
}

void GateThread::drain(DrainMode mode, uint64_t deadline_ms) {
  if (deadline_ms && !finished_) context_.reactor->timers().arm(*this, deadline_ms);
  base_.drain(mode, deadline_ms);
}

void GateThread::on_timer() {
  overdue_ = true;
  finish();
}

// The handlers are to hear of the end of each connection, too.
void GateThread::finish() {
  if (!finishing_ || !(overdue_ || deliveries_.empty()) || std::exchange(finished_, true)) return;
  context_.reactor->timers().cancel(*this);
  context_.drained();
}

}  // namespace oklo
