#include "server/stream_core.h"

#include <cstring>
#include <utility>

#include "base/assert.h"
#include "codec/lines.h"
#include "server/co_root.h"
#include "server/coroutines.h"

namespace oklo::co {

namespace {

using MessageSize = uint32_t;

// A string that is assigned an empty one keeps its memory.
void empty(std::string& bytes, size_t kept) {
  if (bytes.capacity() > kept) std::string().swap(bytes);
  else bytes.clear();
}

}  // namespace

// ---------------------------------------------------------------- what has come

void StreamCore::take(Connection& connection, std::string_view bytes) {
  if (closed_) return;
  StreamRef self(this);
  std::string& to = lent_ ? later_ : held_;
  MessageSize size = static_cast<MessageSize>(bytes.size());
  if (messages_) to.append(reinterpret_cast<const char*>(&size), sizeof size);
  to.append(bytes);
  at_hand_ = &connection;
  wake_reader();
  at_hand_ = nullptr;
  if (reader_ || paused_ || unread() + later_.size() <= kHeldBytesMax) return;
  paused_ = true;
  connection.pause();
}

void StreamCore::take_end(Connection& connection) {
  StreamRef self(this);
  ended_ = true;
  at_hand_ = &connection;
  wake_reader();
  at_hand_ = nullptr;
}

bool StreamCore::visit(const Function<void(Connection&)>& function) {
  if (!at_hand_) return with_connection(id_, function);
  function(*at_hand_);
  return true;
}

// What was lent is not needed any more, as another read has begun.
void StreamCore::give_back() {
  at_ += std::exchange(lent_, 0);
  if (unread() == 0) {
    at_ = 0;
    empty(held_, kKeptBytes);
  }
  if (later_.empty()) return;
  if (held_.empty()) held_.swap(later_);
  else held_.append(later_);
  empty(later_, kKeptBytes);
}

void StreamCore::compact() {
  held_.erase(0, at_);
  at_ = 0;
}

void StreamCore::lend(StreamRead& read, size_t skip, size_t bytes, size_t all) {
  read.found_ = std::string_view(held_).substr(at_ + skip, bytes);
  lent_ = all;
}

// ---------------------------------------------------------------- reading

// Whether there is an answer to it.
bool StreamCore::find(StreamRead& read) {
  OKLO_ASSERT((!reader_ || reader_ == &read) && "two coroutines read from one Stream at once");
  give_back();
  bool found = messages_ ? find_message(read) : find_bytes(read);
  return found || ended();
}

bool StreamCore::find_message(StreamRead& read) {
  OKLO_ASSERT(read.wants_ == StreamRead::Wants::any && "a Stream with framing is read by read() alone");
  if (unread() == 0) return false;
  MessageSize size;
  std::memcpy(&size, held_.data() + at_, sizeof size);
  lend(read, sizeof size, size, sizeof size + size);
  return true;
}

bool StreamCore::find_bytes(StreamRead& read) {
  if (read.wants_ == StreamRead::Wants::line) return find_line(read);
  size_t bytes = read.wants_ == StreamRead::Wants::any ? unread() : read.bytes_;
  bool enough = read.wants_ == StreamRead::Wants::any ? unread() > 0 : unread() >= bytes;
  if (enough) lend(read, 0, bytes, bytes);
  return enough;
}

// A line that is too long is an answer, too, with nothing found.
bool StreamCore::find_line(StreamRead& read) {
  using State = codec::StreamLine::State;
  codec::StreamLine line =
      codec::find_line(std::string_view(held_).substr(at_), read.bytes_, read.scanned_);
  if (line.state == State::whole) lend(read, 0, line.size, line.all);
  return line.state != State::unfinished;
}

void StreamCore::wait(StreamRead& read) {
  reader_ = &read;
  compact();
  if (read_time_ms_) read_timer_ = after(read_time_ms_, [this] { take_silence(); });
  if (std::exchange(paused_, false)) visit([](Connection& connection) { connection.resume(); });
}

void StreamCore::forget(StreamRead& read) {
  if (reader_ != &read) return;
  reader_ = nullptr;
  if (read_timer_) cancel(std::exchange(read_timer_, {}));
}

void StreamCore::wake_reader() {
  if (!reader_ || !find(*reader_)) return;
  StreamRead& read = *reader_;
  forget(read);
  resume(read.waiting_);
}

// What was sent goes out behind this, as long as the peer takes it; nobody waits for that.
void StreamCore::take_silence() {
  StreamRef self(this);
  visit([](Connection& connection) { connection.close_for(CloseReason::idle_timeout); });
  end(CloseReason::idle_timeout);
}

// ---------------------------------------------------------------- writing

// A connection that another process has is reached by its id.
bool StreamCore::send(std::string_view bytes, bool& full) {
  if (!id_ || closed_) return false;
  bool sent = false;
  bool here = visit([&](Connection& connection) {
    sent = connection.send(bytes);
    full = sent && connection.filled();
  });
  return here ? sent : send_to(id_, bytes);
}

void StreamCore::wait(StreamWrite& write) {
  OKLO_ASSERT(!writer_ && "two coroutines wait to write to one Stream");
  writer_ = &write;
}

void StreamCore::forget(StreamWrite& write) {
  if (writer_ == &write) writer_ = nullptr;
}

void StreamCore::take_drain(Connection& connection) {
  StreamRef self(this);
  at_hand_ = &connection;
  wake_writer(true);
  at_hand_ = nullptr;
}

void StreamCore::wake_writer(bool sent) {
  if (!writer_) return;
  writer_->sent_ = sent;
  resume(std::exchange(writer_, nullptr)->waiting_);
}

// ---------------------------------------------------------------- the beginning and the end

void StreamCore::begin(Connection& connection, const StreamCoroutine& serve) {
  StreamRef self(this);
  at_hand_ = &connection;
  Root::start(serve(Stream(StreamRef(this))), &root_);
  at_hand_ = nullptr;
}

void StreamCore::take_up() {
  StreamRef self(this);
  connecting_ = false;
  wake_connecting();
}

void StreamCore::take_failure(std::string text) {
  StreamRef self(this);
  connecting_ = false;
  error_ = std::move(text);
  Coroutines::current().remove(*this);
  id_ = {};
  wake_connecting();
}

void StreamCore::wake_connecting() {
  Connecting* by = std::exchange(connecting_by_, nullptr);
  if (!by) return;
  if (by->timer_) cancel(by->timer_);
  if (by->waiting_) resume(by->waiting_);
}

bool StreamCore::give_up() {
  connecting_by_ = nullptr;
  if (connecting_) Coroutines::current().remove(*this);
  return connecting_;
}

void StreamCore::take_close(CloseReason reason) {
  StreamRef self(this);
  Coroutines::current().remove(*this);
  if (!closed_) end(reason);
}

// Those who wait for it hear of it first, and may end by themselves.
void StreamCore::end(CloseReason reason) {
  closed_ = reason;
  wake_reader();
  wake_writer(false);
  root_.end();
}

// ---------------------------------------------------------------- handlers

namespace {

// A connection without a coroutine is of no use to anybody.
StreamHandlers common_handlers() {
  auto find = [](Connection& c) { return Coroutines::current().find(c.id()); };
  StreamHandlers handlers;
  handlers.on_receive = [find](Connection& c, std::string_view bytes) {
    if (StreamCore* core = find(c)) core->take(c, bytes);
    else c.abort();
  };
  handlers.on_end = [find](Connection& c) {
    if (StreamCore* core = find(c)) core->take_end(c);
    else c.abort();
  };
  handlers.on_buffer_drain = [find](Connection& c) {
    if (StreamCore* core = find(c)) core->take_drain(c);
  };
  handlers.on_close = [find](Connection& c, CloseReason reason) {
    if (StreamCore* core = find(c)) core->take_close(reason);
  };
  return handlers;
}

}  // namespace

StreamHandlers serving_handlers(StreamCoroutine serve, const StreamOptions& options) {
  StreamHandlers handlers = common_handlers();
  bool messages = options.framing.kind != StreamFraming::Kind::none;
  handlers.on_connect = [serve = std::move(serve), messages](Connection& c) {
    StreamRef core(new StreamCore(messages));
    core->set_id(c.id());
    Coroutines::current().add(*core.get());
    core->begin(c, serve);
  };
  return handlers;
}

StreamHandlers connecting_handlers() {
  StreamHandlers handlers = common_handlers();
  handlers.on_connect = [](Connection& c) {
    if (StreamCore* core = Coroutines::current().find(c.id())) core->take_up();
    else c.abort();
  };
  return handlers;
}

}  // namespace oklo::co
