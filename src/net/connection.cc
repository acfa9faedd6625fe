#include "net/connection.h"

#include <errno.h>

#include <cstring>
#include <utility>

#include "net/connection_pool.h"
#include "sys/socket.h"

namespace oklo::net {

Connection::Connection(uint32_t slot, Endpoint& endpoint, sys::Fd socket, ConnectionId id)
    : endpoint_(&endpoint), id_(id), slot_(slot), socket_(std::move(socket)) {}

Connection::~Connection() {
  if (input_) release(input_);
  output_.clear(*endpoint_->blocks);
}

void Connection::start(bool read_now) {
  endpoint_->protocol->on_open(*this);
  if (read_now && open()) read();
  mark_dirty();
}

// ---------------------------------------------------------------- receiving

void Connection::on_event(uint32_t events) {
  if (events == sys::kReadable) return read();
  if (events & sys::kReadable) read();
  if (phase_ == Phase::dead) return;
  if (events & sys::kWritable) mark_dirty();
  if ((events & (sys::kError | sys::kHangUp)) && !(events & sys::kReadable)) hang_up(events);
}

// A hang-up that nobody reads would come again in each turn. While reading is paused, what the peer sent
// before is not lost: it is read when reading goes on.
void Connection::hang_up(uint32_t events) {
  bool waits = paused_ && phase_ == Phase::open && !peer_finished_ && !(events & sys::kError);
  if (!waits) return abort(CloseReason::peer_reset);
  reactor().remove(socket_.get());
  registered_ = false;
  hung_up_ = true;
  watched_ = 0;
}

inline void Connection::read() {
  if (phase_ != Phase::open) return discard_input();
  if (paused_) return;  // by another connection, in this batch of events
  if (!input_) input_ = endpoint_->blocks->take();
  if (input_->space().empty()) input_->compact();
  std::span<char> space = input_->space();
  OKLO_ASSERT(!space.empty());
  long n = sys::receive(socket_.get(), space.data(), space.size());
  if (n > 0) take_in(static_cast<size_t>(n));
  else if (n == 0) end_of_input();
  else if (n != -EAGAIN) abort(CloseReason::peer_reset);
  if (input_ && input_->empty()) release(std::exchange(input_, nullptr));
}

inline void Connection::take_in(size_t bytes) {
  input_->end += static_cast<uint32_t>(bytes);
  ConnectionRow& shared = row();
  shared.bytes_in += bytes;
  shared.active_s = clock().now_s;
  endpoint_->life->bytes_in.add(bytes);
  endpoint_->protocol->on_data(*this);
}

void Connection::end_of_input() {
  peer_finished_ = true;
  settle_later();  // The flush changes what is watched: an end of file stays readable for ever.
  endpoint_->protocol->on_end(*this);
}

void Connection::discard_input() {
  Block* block = endpoint_->blocks->take();
  long n = sys::receive(socket_.get(), block->data, Block::kBytes);
  release(block);
  if (n > 0 || n == -EAGAIN) return;
  peer_finished_ = true;
  if (phase_ == Phase::lingering || n < 0) abort(reason_);
  else settle_later();
}

Block* Connection::split_input(size_t bytes) {
  std::span<char> rest = input_->content().subspan(bytes);
  Block* front = std::exchange(input_, nullptr);
  if (rest.empty()) return front;
  input_ = endpoint_->blocks->take();
  std::memcpy(input_->data, rest.data(), rest.size());
  input_->end = static_cast<uint32_t>(rest.size());
  return front;
}

void Connection::release(Block* block) { endpoint_->blocks->give_back(block); }

void Connection::pause_reading() {
  paused_ = tells_drain_ = true;
  settle_later();
}

void Connection::resume_reading() {
  paused_ = false;
  tells_drain_ = tells_each_drain_;
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
  if (phase_ == Phase::dead) return false;
  output_.append(*endpoint_->blocks, bytes);
  queue_grew();
  return phase_ != Phase::dead;
}

void Connection::send_shared(const BytesRef& bytes, std::string_view view) {
  if (phase_ == Phase::dead) return;
  output_.append_shared(*endpoint_->blocks, bytes, view);
  queue_grew();
}

void Connection::queue_grew() {
  if (output_.bytes() > endpoint_->queue_bytes_max) abort(CloseReason::queue_full);
  else mark_dirty();
}

void Connection::send_file(sys::Fd file, uint64_t offset, uint64_t size) {
  if (phase_ == Phase::dead) return;
  output_.append_file(*endpoint_->blocks, std::move(file), offset, size);
  mark_dirty();
}

void Connection::finish_sending() {
  finishing_ = true;
  settle_later();
}

void Connection::on_flush() {
  if (!output_.empty()) flush();
  if (input_ && input_->empty()) release(std::exchange(input_, nullptr));  // consumed outside of read
  if (!settled_) settle();
}

// The end that was asked for, when all is sent, and what to ask the Reactor for.
void Connection::settle() {
  if (phase_ == Phase::closing && output_.empty()) finish_closing();
  if (finishing_ && output_.empty()) {
    finishing_ = false;
    sys::shutdown_write(socket_.get());
  }
  settled_ = phase_ != Phase::closing && !finishing_;
  if (phase_ != Phase::dead) watch();
}

[[gnu::always_inline]] inline void Connection::flush() {
  long n = output_.send_to(socket_.get(), *endpoint_->blocks);
  if (n == -ENODATA) return abort(CloseReason::file_shrank);
  if (n < 0) return abort(CloseReason::peer_reset);
  flushed(static_cast<size_t>(n));
}

inline void Connection::flushed(size_t sent) {
  ConnectionRow& shared = row();
  shared.bytes_out += sent;
  shared.queued_bytes = static_cast<uint32_t>(output_.bytes());
  endpoint_->life->bytes_out.add(sent);
  if (!output_.empty() || blocked_ || tells_drain_) tell_flushed(sent);
}

[[gnu::noinline]] void Connection::tell_flushed(size_t sent) {
  bool was_blocked = blocked_;
  settled_ = false;
  blocked_ = !output_.empty();
  if (blocked_ && (sent > 0 || !was_blocked)) await_room();
  if (phase_ != Phase::open) return;
  if (!blocked_) endpoint_->protocol->on_drained(*this);
  else if (sent > 0) endpoint_->protocol->on_partly_sent(*this);
}

// Asks the Reactor for what is wanted now. A connection that ends in the turn in which it was accepted
// never gets here, and so costs no epoll_ctl.
void Connection::watch() {
  bool reads = phase_ == Phase::open ? !paused_ : true;
  uint32_t wanted = (reads && !peer_finished_ ? sys::kReadable : 0u) | (blocked_ ? sys::kWritable : 0u);
  if ((registered_ || hung_up_) && wanted == watched_) return;
  long failed =
      registered_ ? reactor().modify(socket_.get(), wanted) : reactor().add(socket_.get(), wanted, *this);
  if (failed < 0) return abort(CloseReason::no_memory);
  registered_ = true;
  watched_ = wanted;
}

sys::Address Connection::local_address() const {
  Result<sys::Address> address = sys::local_address(socket_.get());
  return address ? *address : sys::Address();
}

// ---------------------------------------------------------------- ending

void Connection::close(CloseReason reason, Linger linger) {
  if (phase_ != Phase::open) return;
  phase_ = Phase::closing;
  reason_ = reason;
  linger_ = linger == Linger::yes && !peer_finished_;
  settle_later();
}

void Connection::finish_closing() {
  if (!linger_ || peer_finished_) return abort(reason_);
  phase_ = Phase::lingering;
  sys::shutdown_write(socket_.get());
  set_deadline(clock().now_ms + kLingerMs);
}

void Connection::abort(CloseReason reason) {
  if (phase_ == Phase::dead) return;
  phase_ = Phase::dead;
  reason_ = reason;
  if (registered_) reactor().remove(socket_.get());
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

void Connection::await_room() {
  kernel_queue_ = sys::send_queue_bytes(socket_.get());
  set_deadline(clock().now_ms + endpoint_->write_stall_ms);
}

// A socket has room again when a third of its buffer is free, which may be a megabyte. That a client does
// read, however slowly, shows earlier, in what the kernel holds for it.
void Connection::check_stall() {
  uint32_t before = kernel_queue_;
  await_room();
  if (kernel_queue_ >= before) abort(CloseReason::write_stalled);
}

void Connection::on_timer() {
  if (clock().now_ms < deadline_ms_) return arm_timer();
  if (phase_ == Phase::lingering) return abort(reason_);
  if (blocked_) return check_stall();
  if (phase_ == Phase::open) endpoint_->protocol->on_deadline(*this);
}

}  // namespace oklo::net
