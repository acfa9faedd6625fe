#include "server/process_worker.h"

#include <utility>

namespace oklo {

ProcessWorker::ProcessWorker(WorkerContext& context, const std::vector<std::unique_ptr<Service>>& services,
                             Reach reach, LogFormat log_format, uint32_t connections_max)
    : context_(context),
      pool_(*context.reactor, *context.connections, *context.row, context.life, connections_max),
      connector_(pool_),
      messenger_(context, reach, &pool_),
      log_writer_(*context.reactor, context.access_log, context.row->log_lines_dropped),
      log_(log_writer_, log_format),
      end_(context),
      requests_(context, end_),
      streams_(context, end_) {
  http::AccessLog* log = context.access_log ? &log_ : nullptr;
  if (context.address_table) guard_.emplace(*context.address_table, context.life, *context.row);
  AddressGuard* guard = guard_ ? &*guard_ : nullptr;
  std::vector<gate::WorkerPort*> ports;
  for (auto& service : services) {
    uint8_t index = static_cast<uint8_t>(ports.size());
    ports_.push_back(service->make_worker_port({context, end_, requests_, log, index, guard}));
    ports.push_back(ports_.back().get());
  }
  end_.set_ports(std::move(ports));
  messenger_.relay().take_road(&end_);
  // What is told over its wires comes to its successor.
  messenger_.relay().before_rings([this] {
    if (left_) requests_.look();
  });
  end_.on_all_left([this] { end_if_alone(); });
  pool_.on_erase([this] { end_if_alone(); });
  requests_.pool().on_erase([this] { end_if_alone(); });
}

Result<void> ProcessWorker::start() {
  if (Result<void> started = messenger_.start(); !started) return started;
  return end_.start();
}

void ProcessWorker::serve(uint32_t) {
  if (!leaving_) end_.read(true);
}

// What the gate tells waits for the worker that takes this one's place.
void ProcessWorker::drain(DrainMode mode, uint64_t deadline_ms) {
  if (deadline_ms && !finished_) context_.reactor->timers().arm(*this, deadline_ms);
  requests_.pool().drain(mode);
  if (!std::exchange(leaving_, true)) {
    end_.leave([this] { on_left(); });
  }
  end_if_alone();
}

// A client's connection is there for those of the gate, and keeps no worker from leaving.
void ProcessWorker::end_if_alone() {
  if (!left_ || !requests_.pool().empty()) return;
  if (!std::exchange(alone_, true)) {
    connector_.leave();
    pool_.drain_clients();
  }
  if (pool_.empty() && end_.all_left() && !std::exchange(finished_, true)) finish();
}

void ProcessWorker::on_left() {
  if (!std::exchange(left_, true)) {
    context_.left();
    requests_.look();
  }
  end_if_alone();
}

void ProcessWorker::on_timer() {
  on_left();
  requests_.pool().abort_all();
  pool_.abort_all();
}

void ProcessWorker::finish() {
  context_.reactor->timers().cancel(*this);
  log_writer_.flush();
  context_.drained();
}

}  // namespace oklo
