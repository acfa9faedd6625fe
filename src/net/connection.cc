#include "net/connection.h"

#include <cstring>
#include <utility>

#include "net/connections.h"

namespace oklo::net {

Connection::~Connection() {
  if (input_) release(input_);
  output_.clear(*endpoint_->blocks);
}

// ---------------------------------------------------------------- receiving

// A block whose bytes are all consumed is not kept.
[[gnu::noinline]] void Connection::settle_input() {
  if (!input_) return;
  if (!input_->empty()) return endpoint_->blocks->keep(input_);
  Block* block = std::exchange(input_, nullptr);
  if (!endpoint_->blocks->is_lent(block)) release(block);
}

Block* Connection::split_input(size_t bytes) {
  std::span<char> rest = input_->content().subspan(bytes);
  Block* front = std::exchange(input_, nullptr);
  endpoint_->blocks->keep(front);
  if (rest.empty()) return front;
  input_ = endpoint_->blocks->take();
  std::memcpy(input_->data, rest.data(), rest.size());
  input_->end = static_cast<uint32_t>(rest.size());
  return front;
}

void Connection::release(Block* block) { endpoint_->blocks->give_back(block); }

void Connection::pause_reading() {
  paused_ = tells_drain_ = true;
  hears_ = false;
  settle_later();
}

void Connection::resume_reading() {
  paused_ = false;
  hears_ = phase_ == Phase::open;
  tells_drain_ = tells_each_drain_ || tells_next_drain_ || blocked_;
  settle_later();
}

void Connection::change_endpoint(Endpoint& to) {
  OKLO_ASSERT(to.pool == endpoint_->pool);
  endpoint_ = &to;
  std::memset(session_, 0, sizeof session_);
  row().kind = to.kind;
}

// ---------------------------------------------------------------- sending

bool Connection::send(std::string_view bytes) {
  const Endpoint& endpoint = *endpoint_;
  if (!sends_ || !output_.append_short(*endpoint.blocks, bytes)) return send_long(bytes);
  if (output_.bytes() > endpoint.queue_bytes_max) return overflow();
  endpoint.reactor->mark_dirty(*this);
  return true;
}

[[gnu::noinline]] bool Connection::send_long(std::string_view bytes) {
  if (!sends_) return false;
  output_.append(*endpoint_->blocks, bytes);
  if (output_.bytes() > endpoint_->queue_bytes_max) return overflow();
  mark_dirty();
  return true;
}

void Connection::send_shared(const BytesRef& bytes, std::string_view view) {
  if (phase_ == Phase::dead) return;
  output_.append_shared(*endpoint_->blocks, bytes, view);
  if (output_.bytes() > endpoint_->queue_bytes_max) overflow();
  else mark_dirty();
}

[[gnu::noinline]] bool Connection::overflow() {
  abort(CloseReason::queue_full);
  return false;
}

void Connection::send_file(sys::Fd file, uint64_t offset, uint64_t size) {
  if (phase_ == Phase::dead) return;
  output_.append_file(*endpoint_->blocks, std::move(file), offset, size);
  mark_dirty();
}

void Connection::finish_sending() {
  finishing_ = true;
  sends_ = false;
  settle_later();
}

// ---------------------------------------------------------------- ending

void Connection::close(CloseReason reason, Linger linger) {
  if (phase_ != Phase::open) return;
  phase_ = Phase::closing;
  hears_ = sends_ = false;
  reason_ = reason;
  linger_ = linger == Linger::yes && !peer_finished_;
  settle_later();
}

void Connection::abort(CloseReason reason) {
  if (phase_ == Phase::dead) return;
  phase_ = Phase::dead;
  hears_ = sends_ = false;
  reason_ = reason;
  detach();
  cancel_timer();
  reactor().destroy_later(*this);
}

void Connection::on_destroy() {
  endpoint_->protocol->on_close(*this, reason_);
  endpoint_->pool->erase(*this, reason_);
}

void Connection::drain(DrainMode mode) {
  if (phase_ == Phase::open) endpoint_->protocol->on_drain(*this, mode);
}

// ---------------------------------------------------------------- time

void Connection::arm_timer() { reactor().timers().arm(*this, deadline_ms_); }

void Connection::cancel_timer() { reactor().timers().cancel(*this); }

}  // namespace oklo::net
