#include "server/base_worker.h"

namespace oklo {

BaseWorker::Port::Port(const HttpListener& listener, ConnectionPool& pool, http::AccessLog* log,
                       uint8_t index)
    : service(*listener.routes, listener.limits, pool.life(), log), endpoint(pool.make_endpoint(service)) {
  endpoint.kind = ConnectionKind::http;
  endpoint.listener = index;
  endpoint.write_stall_ms = listener.limits.write_stall_ms;
  endpoint.queue_bytes_max = listener.limits.queue_bytes;
}

BaseWorker::BaseWorker(WorkerContext& context, const std::vector<HttpListener>& listeners,
                       LogFormat log_format, uint32_t connections_max)
    : context_(context),
      pool_(*context.reactor, *context.connections, *context.row, context.life, connections_max),
      log_writer_(*context.reactor, context.access_log_fd, context.row->log_lines_dropped),
      log_(log_writer_, log_format),
      acceptors_(context.slots) {
  http::AccessLog* log = context.access_log_fd >= 0 ? &log_ : nullptr;
  for (const HttpListener& listener : listeners)
    ports_.push_back(std::make_unique<Port>(listener, pool_, log, static_cast<uint8_t>(ports_.size())));
  pool_.on_erase([this] { on_erase(); });
}

BaseWorker::~BaseWorker() = default;

Result<void> BaseWorker::start() { return accept_from(context_.slot); }

// A unix socket is one for all slots, so only the own slot stands for it: the others of its group share
// the wake-ups (EPOLLEXCLUSIVE, epoll_ctl(2)).
Result<void> BaseWorker::accept_from(uint32_t slot) {
  for (size_t i = 0; i < ports_.size(); i++) {
    const std::vector<int>& listeners = context_.listeners[i];
    bool shared = context_.addresses[i].is_unix();
    if (shared && slot != context_.slot) continue;
    auto acceptor =
        std::make_unique<Acceptor>(pool_, ports_[i]->endpoint, listeners[shared ? 0 : slot], !shared, shared);
    if (Result<void> started = acceptor->start(); !started) return started;
    acceptors_[slot].push_back(std::move(acceptor));
  }
  return {};
}

void BaseWorker::serve(uint32_t slot) {
  if (draining_ || slot >= acceptors_.size() || !acceptors_[slot].empty()) return;
  if (Result<void> served = accept_from(slot); !served) context_.log->line(served.error().text);
}

void BaseWorker::leave(uint32_t slot) {
  if (slot < acceptors_.size()) acceptors_[slot].clear();
}

void BaseWorker::drain(DrainMode mode, uint64_t deadline_ms) {
  if (!draining_) stop_accepting(mode);
  draining_ = true;
  pool_.drain(mode);
  if (deadline_ms) context_.reactor->timers().arm(*this, deadline_ms);
  if (pool_.size() == 0) finish();
}

// A stop closes the listeners, a reload does not: there a neighbour or a successor accepts what waits.
void BaseWorker::stop_accepting(DrainMode mode) {
  for (auto& port : ports_) port->service.drain();
  for (auto& of_slot : acceptors_) {
    for (auto& acceptor : of_slot)
      if (mode == DrainMode::stop) acceptor->accept_waiting();
    of_slot.clear();
  }
}

void BaseWorker::on_erase() {
  if (draining_ && pool_.size() == 0) return finish();
  if (draining_) return;
  for (auto& of_slot : acceptors_)
    for (auto& acceptor : of_slot) acceptor->on_room();
}

void BaseWorker::on_timer() { pool_.abort_all(); }

void BaseWorker::finish() {
  context_.reactor->timers().cancel(*this);
  log_writer_.flush();
  context_.drained();
}

void BaseWorker::reopen_log(int fd) { log_writer_.set_fd(fd); }

}  // namespace oklo
