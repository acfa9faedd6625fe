#include <oklo/sync_client.h>

#include <errno.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/number.h"
#include "base/result.h"
#include "codec/lines.h"
#include "net/destination.h"
#include "net/sync_lookup.h"
#include "net/sync_socket.h"
#include "sys/time.h"

namespace oklo {

namespace {

constexpr uint64_t kTryMsMin = 250;
constexpr size_t kPieceBytes = 65'536;

}  // namespace

struct SyncClient::Parts {
  explicit Parts(SyncClientOptions given) : options(std::move(given)) {}

  SyncClientOptions options;
  SyncSocket socket;
  bool datagrams = false;
  std::string address;  // as connect was given it
  std::string input;    // of a stream, what has come and was not taken
  size_t taken = 0;     // of that
  std::string error;
  bool ended = false;
  bool timed_out = false;

  uint64_t until_ms() const { return sys::monotonic_ms() + options.timeout_ms; }
  std::string_view rest() const { return std::string_view(input).substr(taken); }

  bool begin(std::string_view verb);
  bool fail(std::string_view what, long number);
  bool fail(std::string text);
  bool connect(std::string_view to, bool packets);
  bool try_all(std::vector<sys::Address> addresses, bool by_name, uint64_t until_ms);
  bool fill(uint64_t until_ms);
  std::string take(size_t bytes, size_t more = 0);
  std::optional<std::string> receive_packet();
};

// ---------------------------------------------------------------- why not

bool SyncClient::Parts::fail(std::string text) {
  error = std::move(text);
  return false;
}

// The time that is over is our own, but for that of the kernel, which is far longer.
bool SyncClient::Parts::fail(std::string_view what, long number) {
  std::string text = std::string(what).append(" ").append(address);
  timed_out = number == -ETIMEDOUT;
  if (!timed_out) return fail(system_error(static_cast<int>(-number), text).text);
  return fail(text + " within " + decimal(options.timeout_ms) + " ms");
}

// Whether there is what a call needs.
bool SyncClient::Parts::begin(std::string_view verb) {
  timed_out = false;
  error.clear();
  return socket.open() || fail(std::string("cannot ").append(verb).append(": it is not connected"));
}

// ---------------------------------------------------------------- connecting

bool SyncClient::Parts::connect(std::string_view to, bool packets) {
  uint64_t until = until_ms();
  socket.close();
  input.clear();
  taken = 0;
  address = to;
  error.clear();
  ended = timed_out = false;
  datagrams = packets;
  Result<Destination> destination = parse_destination(address);
  if (!destination) return fail(destination.error().text);
  if (destination->host.empty()) return try_all({destination->address}, false, until);
  auto found = look_up_and_wait(destination->host, options.resolver, until);
  if (!found) {
    timed_out = found.error().number == ETIMEDOUT;
    return fail("cannot connect to " + address + ": " + found.error().text);
  }
  for (sys::Address& one : *found) one.set_port(destination->port);
  return try_all(std::move(found).value(), true, until);
}

// One that does not answer has its part of what is left.
bool SyncClient::Parts::try_all(std::vector<sys::Address> addresses, bool by_name, uint64_t until) {
  long result = 0;
  sys::Address last;
  for (size_t i = 0; i < addresses.size(); i++) {
    uint64_t now = sys::monotonic_ms();
    uint64_t left = until - std::min(until, now);
    if (i > 0 && left == 0) break;
    uint64_t part = std::max(left / (addresses.size() - i), std::min(left, kTryMsMin));
    last = addresses[i];
    result = datagrams ? socket.connect_packets(last) : socket.connect(last, now + part);
    if (result >= 0) return true;
  }
  if (by_name && result != -ETIMEDOUT) address += " at " + last.to_string();
  return fail("cannot connect to", result);
}

// ---------------------------------------------------------------- sending and receiving

// Receives some more of a stream.
bool SyncClient::Parts::fill(uint64_t until) {
  input.erase(0, std::exchange(taken, 0));
  size_t before = input.size();
  input.resize(before + kPieceBytes);
  long size = socket.receive(input.data() + before, kPieceBytes, until);
  input.resize(before + static_cast<size_t>(std::max(size, 0l)));
  ended = size == 0;
  if (ended) return fail("cannot receive from " + address + ": it has ended the stream");
  return size > 0 || fail("cannot receive from", size);
}

// The first bytes, and drops so many more behind them.
std::string SyncClient::Parts::take(size_t bytes, size_t more) {
  std::string piece(rest().substr(0, bytes));
  taken += bytes + more;
  return piece;
}

std::optional<std::string> SyncClient::Parts::receive_packet() {
  std::string bytes(kPieceBytes, '\0');
  long size = socket.receive(bytes.data(), bytes.size(), until_ms());
  if (size < 0) {
    fail("cannot receive from", size);
    return std::nullopt;
  }
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

// ---------------------------------------------------------------- the public functions

SyncClient::SyncClient(SyncClientOptions options) : parts_(new Parts(std::move(options))) {}
SyncClient::SyncClient(SyncClient&& other) noexcept = default;
SyncClient& SyncClient::operator=(SyncClient&& other) noexcept = default;
SyncClient::~SyncClient() = default;

bool SyncClient::connect(std::string_view address) { return parts_->connect(address, false); }

bool SyncClient::connect_datagrams(std::string_view address) { return parts_->connect(address, true); }

void SyncClient::set_timeout(uint32_t timeout_ms) { parts_->options.timeout_ms = timeout_ms; }

bool SyncClient::send(std::string_view bytes) {
  Parts& p = *parts_;
  if (!p.begin("send")) return false;
  long result = p.socket.send(bytes, p.until_ms());
  if (result >= 0) return true;
  if (!p.datagrams) p.socket.close();
  return p.fail("cannot send to", result);
}

std::optional<std::string> SyncClient::receive(size_t bytes_max) {
  Parts& p = *parts_;
  if (!p.begin("receive")) return std::nullopt;
  if (p.datagrams) return p.receive_packet();
  if (p.rest().empty() && !p.fill(p.until_ms())) return std::nullopt;
  return p.take(std::min(bytes_max, p.rest().size()));
}

std::optional<std::string> SyncClient::read_line() {
  Parts& p = *parts_;
  if (!p.begin("receive")) return std::nullopt;
  OKLO_ASSERT(!p.datagrams && "read_line is for streams");
  uint64_t until = p.until_ms();
  using State = codec::StreamLine::State;
  size_t scanned = 0;
  for (;;) {
    codec::StreamLine line = codec::find_line(p.rest(), p.options.line_bytes, scanned);
    if (line.state == State::whole) return p.take(line.size, line.all - line.size);
    if (line.state == State::too_long)
      p.fail("a line of " + p.address + " has more than " + decimal(p.options.line_bytes) + " bytes");
    if (line.state == State::too_long || !p.fill(until)) return std::nullopt;
  }
}

std::optional<std::string> SyncClient::read_exactly(size_t bytes) {
  Parts& p = *parts_;
  if (!p.begin("receive")) return std::nullopt;
  OKLO_ASSERT(!p.datagrams && "read_exactly is for streams");
  uint64_t until = p.until_ms();
  while (p.rest().size() < bytes)
    if (!p.fill(until)) return std::nullopt;
  return p.take(bytes);
}

void SyncClient::shutdown_send() {
  if (parts_->socket.open()) parts_->socket.shutdown_send();
}

void SyncClient::close() { parts_->socket.close(); }

bool SyncClient::connected() const { return parts_->socket.open(); }

bool SyncClient::ended() const { return parts_->ended && parts_->rest().empty(); }

bool SyncClient::timed_out() const { return parts_->timed_out; }

const std::string& SyncClient::error() const { return parts_->error; }

}  // namespace oklo
