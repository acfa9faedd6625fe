#include "gate/http_lane.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sys/socket.h"

namespace oklo::gate {

HttpLane::HttpLane(net::Connection& connection, const codec::RequestHead& head)
    : connection_(connection), chunked_(head.chunked), left_(head.content_length) {}

HttpLane::~HttpLane() { finish(); }

void HttpLane::open(sys::Fd stream) {
  if (over_ || stream_) return;
  stream_ = std::move(stream);
  carry();
}

// How many bytes at the front of the input belong to the body. The decoder works on a copy: the worker gets
// the chunks as they came.
size_t HttpLane::body_in(std::span<char> input) {
  if (!chunked_) {
    size_t size = static_cast<size_t>(std::min<uint64_t>(left_, input.size()));
    left_ -= size;
    all_found_ = left_ == 0;
    return size;
  }
  std::string copy(input.data(), input.size());
  codec::ChunkedDecoder::Progress progress = decoder_.decode(copy);
  all_found_ = progress.state != codec::ChunkedDecoder::State::more;
  bool bad = progress.state == codec::ChunkedDecoder::State::bad;
  return bad ? input.size() : progress.consumed;
}

void HttpLane::carry() {
  while (!over_ && stream_) {
    std::span<char> input = connection_.input();
    if (!all_found_) found_ += body_in(input.subspan(found_));
    if (found_ == 0) break;
    long sent = sys::send_bytes(stream_.get(), input.data(), found_);
    if (sent < 0 && !sys::try_later(sent)) finish();
    if (sent <= 0) break;
    connection_.consume(static_cast<size_t>(sent));
    found_ -= static_cast<size_t>(sent);
    if (all_found_ && found_ == 0) finish();
  }
  if (over_) return pause_if_full();
  if (found_ > 0 || !stream_) connection_.pause_reading();
  else connection_.resume_reading();
  if (stream_) watch(found_ > 0);
  if (ended_ && found_ == 0 && stream_) finish();
}

// What follows the body is read on until a block is full.
void HttpLane::pause_if_full() {
  if (connection_.input().size() == Block::kBytes) connection_.pause_reading();
  else connection_.resume_reading();
}

void HttpLane::end_of_input() {
  ended_ = true;
  carry();
}

// Only that there is room, or that nobody reads it any more.
void HttpLane::on_event(uint32_t) { carry(); }

void HttpLane::watch(bool wanted) {
  if (wanted == watched_) return;
  Reactor& reactor = *connection_.endpoint().reactor;
  if (!wanted) reactor.remove(stream_.get());
  else if (reactor.add(stream_.get(), sys::kWritable, *this) < 0) return finish();
  watched_ = wanted;
}

// The end of the stream tells the worker that nothing more comes.
void HttpLane::finish() {
  over_ = true;
  if (std::exchange(watched_, false)) connection_.endpoint().reactor->remove(stream_.get());
  stream_.reset();
}

}  // namespace oklo::gate
