#include <oklo/co_stream.h>

#include <utility>

#include "base/number.h"
#include "net/connector.h"
#include "server/coroutines.h"
#include "server/stream_core.h"

#include <oklo/client.h>

namespace oklo {

namespace co {

StreamRef::StreamRef(StreamCore* core) noexcept : core_(core) {
  if (core_) core_->keep();
}

StreamRef::~StreamRef() {
  if (core_) core_->drop();
}

}  // namespace co

// ---------------------------------------------------------------- Stream

Stream& Stream::operator=(Stream&& other) noexcept {
  Stream old(std::move(core_));
  core_ = std::move(other.core_);
  return *this;
}

Stream::~Stream() {
  if (core_ && !core_->closed()) close();
}

std::string_view Stream::error() const { return core_ ? core_->error() : std::string_view(); }

ConnectionId Stream::id() const { return core_ ? core_->id() : ConnectionId(); }

void Stream::set_read_time(uint32_t ms) {
  if (core_) core_->set_read_time(ms);
}

bool Stream::ended() const { return !*this || core_->ended(); }

std::optional<CloseReason> Stream::closed() const { return core_ ? core_->closed() : std::nullopt; }

void Stream::close() {
  if (!core_) return;
  bool here = core_->visit([](Connection& connection) { connection.close(); });
  if (!here && *this && !closed()) close_connection(id());
}

void Stream::abort() {
  if (core_) core_->visit([](Connection& connection) { connection.abort(); });
}

void Stream::shutdown_send() {
  if (core_) core_->visit([](Connection& connection) { connection.shutdown_send(); });
}

// ---------------------------------------------------------------- reading and writing

bool StreamRead::await_ready() { return !core_ || !core_->id() || core_->find(*this); }

void StreamRead::await_suspend(co::Handle coroutine) {
  waiting_ = coroutine;
  core_->wait(*this);
}

StreamRead::~StreamRead() {
  if (core_) core_->forget(*this);
}

StreamWrite::StreamWrite(co::StreamCore* core, std::string_view bytes) : core_(core) {
  sent_ = core && core->send(bytes, must_wait_);
}

void StreamWrite::await_suspend(co::Handle coroutine) {
  waiting_ = coroutine;
  core_->wait(*this);
}

StreamWrite::~StreamWrite() {
  if (core_) core_->forget(*this);
}

// ---------------------------------------------------------------- connecting

namespace {

// It lives as long as the process, and has a side for each life in it. How long a connection may take is for
// each to say.
StreamClient& client() {
  static StreamClient* const made = new StreamClient(co::connecting_handlers(), {.connect_ms = UINT32_MAX});
  return *made;
}

}  // namespace

Connecting::Connecting(std::string_view address, uint64_t timeout_ms)
    : core_(new co::StreamCore(false)),
      address_(address),
      timeout_ms_(timeout_ms) {
  core_->set_connecting(*this);
  core_->set_id(client().connect(address, [core = co::StreamRef(core_.get())](auto, std::string_view why) {
    core->take_failure(std::string(why));
  }));
  if (core_->id()) co::Coroutines::current().add(*core_.get());
  if (timeout_ms) timer_ = after(timeout_ms, [this] { take_timeout(); });
}

bool Connecting::await_ready() const noexcept { return !core_->connecting(); }

void Connecting::take_timeout() {
  client().close(core_->id());
  std::string why = ": no answer within " + decimal(timeout_ms_) + " ms";
  core_->take_failure("cannot connect to " + address_ + why);
}

// A process that ends may have no Connector any more.
Connecting::~Connecting() {
  if (!core_) return;
  if (timer_) cancel(timer_);
  if (!core_->give_up()) Stream(std::move(core_)).close();
  else if (core_->id() && Connector::current()) client().close(core_->id());
}

}  // namespace oklo
