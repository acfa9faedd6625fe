#include "net/posted_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sys/address.h"

namespace oklo::net {

PostedConnection::PostedConnection(uint32_t slot, Endpoint& endpoint, Carrier& carrier, ConnectionId id,
                                   const ConnectionRow& row)
    : Connection(endpoint, own_row_), slot_(slot), carrier_(carrier), id_(id) {
  own_row_.generation.store(id.generation, std::memory_order_relaxed);
  std::memcpy(own_row_.peer_ip, row.peer_ip, sizeof row.peer_ip);
  own_row_.peer_port = row.peer_port;
  own_row_.kind = endpoint.kind;
  own_row_.listener = endpoint.listener;
  own_row_.opened_s = row.opened_s;
  own_row_.active_s = row.active_s;
  own_row_.requests = row.requests;
}

void PostedConnection::start() { endpoint_->protocol->on_open(*this); }

sys::Address PostedConnection::local_address() const { return {}; }

// ---------------------------------------------------------------- receiving

bool PostedConnection::feed(std::string_view bytes) {
  if (phase_ != Phase::open || bytes.empty()) return true;
  if (bytes.size() > Block::kBytes - not_taken_) return false;
  if (!input_) input_ = endpoint_->blocks->take();
  if (input_->space().size() < bytes.size()) input_->compact();
  std::memcpy(input_->space().data(), bytes.data(), bytes.size());
  input_->end += static_cast<uint32_t>(bytes.size());
  not_taken_ += bytes.size();
  untold_ = true;
  mark_dirty();
  tell();
  return true;
}

void PostedConnection::end_of_input() {
  if (phase_ != Phase::open) return;
  end_untold_ = true;
  mark_dirty();
  tell();
}

// As from a socket, nothing comes while reading is paused.
void PostedConnection::tell() {
  if (hears_ && std::exchange(untold_, false)) endpoint_->protocol->on_data(*this);
  if (!hears_ || !std::exchange(end_untold_, false)) return;
  peer_finished_ = true;
  endpoint_->protocol->on_end(*this);
}

void PostedConnection::tell_taken() {
  size_t taken = not_taken_ - input().size();
  if (taken == 0) return;
  not_taken_ -= taken;
  carrier_.took(id_, taken);
}

// ---------------------------------------------------------------- sending

void PostedConnection::on_flush() {
  tell();  // Reading may go on again.
  if (phase_ != Phase::dead) hand_on();
  settle_input();
  if (phase_ == Phase::closing) {
    carrier_.closed(id_, reason_, linger_ ? Carrier::End::linger : Carrier::End::close);
    return let_go(reason_);
  }
  if (phase_ == Phase::open) carrier_.settled(*this);
  if (phase_ == Phase::open) tell_taken();
}

void PostedConnection::hand_on() {
  OKLO_ASSERT(!finishing_);  // The other process can't be asked for that.
  if (output_.empty()) return;
  output_.hand_over(
      *endpoint_->blocks,
      [this](std::string_view bytes) {
        note(bytes.size(), false);
        carrier_.send(id_, bytes);
      },
      [this](sys::Fd file, uint64_t offset, uint64_t size) {
        note(size, true);
        carrier_.send_file(id_, std::move(file), offset, size);
      });
  blocked_ = unconfirmed_bytes_ > 0;
}

void PostedConnection::note(uint64_t bytes, bool of_file) {
  unconfirmed_bytes_ += bytes;
  if (!unconfirmed_.empty() && unconfirmed_.back().of_file == of_file) unconfirmed_.back().bytes += bytes;
  else unconfirmed_.push_back({bytes, of_file});
}

void PostedConnection::forget(uint64_t bytes) {
  unconfirmed_bytes_ -= bytes;
  size_t gone = 0;
  for (Run& run : unconfirmed_) {
    uint64_t here = std::min(run.bytes, bytes);
    if (!run.of_file) output_.forget(static_cast<size_t>(here));
    run.bytes -= here;
    bytes -= here;
    if (run.bytes > 0) break;
    gone++;
  }
  unconfirmed_.erase(unconfirmed_.begin(), unconfirmed_.begin() + static_cast<ptrdiff_t>(gone));
}

// What has not been handed on yet will be confirmed, too.
bool PostedConnection::confirm(uint64_t bytes) {
  if (bytes > unconfirmed_bytes_) return false;
  if (bytes == 0) return true;
  forget(bytes);
  if (phase_ != Phase::open) return true;
  mark_dirty();
  blocked_ = unconfirmed_bytes_ > 0 || !output_.empty();
  if (blocked_) endpoint_->protocol->on_partly_sent(*this);
  else endpoint_->protocol->on_drained(*this);
  return true;
}

// ---------------------------------------------------------------- the end, and time

void PostedConnection::let_go(CloseReason reason) {
  let_go_ = true;
  abort(reason);
}

void PostedConnection::detach() {
  if (!let_go_) carrier_.closed(id_, reason_, Carrier::End::abort);
}

// How long a slow peer is waited for is judged by who has the socket.
void PostedConnection::on_timer() {
  if (clock().now_ms < deadline_ms_) return arm_timer();
  if (blocked_ || phase_ != Phase::open) return;
  mark_dirty();
  endpoint_->protocol->on_deadline(*this);
}

}  // namespace oklo::net
