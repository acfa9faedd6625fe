#include "server/base_worker.h"

#include <algorithm>
#include <utility>

namespace oklo {

BaseWorker::BaseWorker(WorkerContext& context, Reach reach, LogFormat log_format, uint32_t connections_max)
    : context_(context),
      own_(context.role == Role::gate_thread ? context.thread : context.slot),
      pool_(*context.reactor, *context.connections, *context.row, context.life, connections_max),
      connector_(pool_),
      messenger_(context, reach, &pool_),
      log_writer_(*context.reactor, context.access_log, context.row->log_lines_dropped),
      log_(log_writer_, log_format),
      intakes_(std::max(context.slots, context.threads)) {
  if (context.address_table) {
    guard_.emplace(*context.address_table, context.life, *context.row);
    pool_.guard_with(*guard_);
  }
  pool_.on_erase([this] { on_erase(); });
}

BaseWorker::~BaseWorker() = default;

void BaseWorker::open_ports(const std::vector<std::unique_ptr<Service>>& services, GateSide* gate) {
  http::AccessLog* log = context_.access_log ? &log_ : nullptr;
  for (auto& service : services)
    ports_.push_back(service->make_port({context_, pool_, log, static_cast<uint8_t>(ports_.size()), gate}));
}

Result<void> BaseWorker::start() {
  if (Result<void> started = messenger_.start(); !started) return started;
  return take_from(own_);
}

// A unix socket, or one that was passed, is one for all slots, so only the own slot stands for it: the others
// of its group share the wake-ups (EPOLLEXCLUSIVE, epoll_ctl(2)). Where there are more of datagrams than
// slots, each takes some of them along.
Result<void> BaseWorker::take_from(uint32_t slot) {
  uint32_t slots = context_.role == Role::gate_thread ? context_.threads : context_.slots;
  for (size_t i = 0; i < ports_.size(); i++) {
    const std::vector<int>& sockets = context_.listeners[i];
    bool shared = context_.addresses[i].is_unix() || sockets.size() < slots;
    if (shared && slot != own_) continue;
    for (size_t k = shared ? 0 : slot; k < sockets.size(); k += slots) {
      Result<std::unique_ptr<Intake>> intake = ports_[i]->take_from(sockets[k], shared);
      if (!intake) return intake.error();
      intakes_[slot].push_back(std::move(intake).value());
    }
  }
  return {};
}

void BaseWorker::serve(uint32_t slot) {
  if (draining_ || slot >= intakes_.size() || !intakes_[slot].empty()) return;
  if (Result<void> served = take_from(slot); !served) context_.log->line(served.error().text);
}

void BaseWorker::leave(uint32_t slot) {
  if (slot < intakes_.size()) intakes_[slot].clear();
}

void BaseWorker::drain(DrainMode mode, uint64_t deadline_ms) {
  if (!draining_) stop_accepting(mode);
  draining_ = true;
  pool_.drain(mode);
  if (deadline_ms) context_.reactor->timers().arm(*this, deadline_ms);
  if (deadline_ms && mode == DrainMode::reload) plan_farewells(deadline_ms);
  end_if_alone();
}

// A quarter of the time is for those that go by themselves, the last one for closing, as at a stop.
void BaseWorker::plan_farewells(uint64_t deadline_ms) {
  uint64_t now_ms = context_.reactor->clock().now_ms;
  uint64_t quarter_ms = (deadline_ms - std::min(deadline_ms, now_ms)) / 4;
  farewells_.from_ms = now_ms + quarter_ms;
  farewells_.until_ms = deadline_ms - quarter_ms;
  context_.reactor->timers().arm(farewells_, farewells_.from_ms);
}

// Each connection has a place in that time, wherever its row is, so that they do not all come again at once.
void BaseWorker::say_farewells() {
  constexpr uint32_t kGoldenRatio = 2654435761;
  uint64_t now_ms = context_.reactor->clock().now_ms;
  uint64_t span_ms = std::max<uint64_t>(farewells_.until_ms - farewells_.from_ms, 1);
  uint64_t passed_ms = std::min(now_ms - farewells_.from_ms, span_ms);
  pool_.say_farewell([&](ConnectionId id) {
    uint32_t place = id.row * kGoldenRatio;
    return uint64_t{place} * span_ms >> 32 <= passed_ms;
  });
  if (passed_ms < span_ms) context_.reactor->timers().arm(farewells_, now_ms + kFarewellMs);
  else pool_.drain(DrainMode::stop);
}

// A client's connection is there for those of the listeners, and keeps no worker from leaving.
void BaseWorker::end_if_alone() {
  if (pool_.accepted() > 0) return;
  if (!std::exchange(alone_, true)) {
    connector_.leave();
    pool_.drain_clients();
  }
  if (pool_.empty() && !std::exchange(finished_, true)) finish();
}

// A stop closes the listeners, a reload does not: there a neighbour or a successor accepts what waits.
void BaseWorker::stop_accepting(DrainMode mode) {
  for (auto& port : ports_) port->drain();
  for (auto& of_slot : intakes_) {
    for (auto& intake : of_slot)
      if (mode == DrainMode::stop) intake->take_waiting();
    of_slot.clear();
  }
}

void BaseWorker::on_erase() {
  if (draining_) return end_if_alone();
  for (auto& of_slot : intakes_)
    for (auto& intake : of_slot) intake->on_room();
}

void BaseWorker::on_timer() { pool_.abort_all(); }

void BaseWorker::finish() {
  context_.reactor->timers().cancel(*this);
  context_.reactor->timers().cancel(farewells_);
  log_writer_.flush();
  if (on_finished_) on_finished_();
  else context_.drained();
}

void BaseWorker::reopen_log(LogSink log) { log_writer_.set_sink(log); }

}  // namespace oklo
