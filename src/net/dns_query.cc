#include "net/dns_query.h"

#include <array>
#include <utility>

#include "sys/outgoing.h"
#include "sys/socket.h"

namespace oklo {

using codec::DnsAnswer;

DnsQuery::DnsQuery(Reactor& reactor, QueryIds& ids, std::shared_ptr<const NameServers> servers, size_t first,
                   codec::DnsQuestion question, Asker& asker)
    : reactor_(reactor),
      ids_(ids),
      servers_(std::move(servers)),
      asker_(asker),
      question_(std::move(question)),
      first_(first) {
  reactor_.timers().arm(*this, 0);
}

// ---------------------------------------------------------------- one server after the other

const sys::Address& DnsQuery::server() const {
  return servers_->addresses[(first_ + asked_) % servers_->addresses.size()];
}

// The first time it is time to begin, later on the server did not answer in time.
void DnsQuery::on_timer() {
  if (fd_) fail(LookupOutcome::timeout);
  else ask_next();
}

void DnsQuery::ask_next() {
  for (; asked_ < servers_->addresses.size() * servers_->attempts; asked_++) {
    with_edns_ = true;
    long failed = send_packet();
    if (failed >= 0) return;
    result_ = {LookupOutcome::unreachable, static_cast<int>(-failed)};
  }
  finish();
}

void DnsQuery::fail(LookupOutcome outcome, long number) {
  result_ = {outcome, static_cast<int>(-number)};
  asked_++;
  close();
  ask_next();
}

void DnsQuery::finish() {
  close();
  asker_.on_answer(*this);
}

void DnsQuery::close() {
  if (std::exchange(watching_, false)) reactor_.remove(fd_.get());
  fd_.reset();
  reactor_.timers().cancel(*this);
}

// The time begins here.
long DnsQuery::watch(uint32_t interest) {
  long failed = reactor_.add(fd_.get(), interest, *this);
  watching_ = failed >= 0;
  if (failed < 0) fd_.reset();
  else reactor_.timers().arm(*this, reactor_.clock().now_ms + servers_->timeout_ms);
  return failed;
}

void DnsQuery::on_event(uint32_t) { is_stream_ ? on_stream() : on_packet(); }

// ---------------------------------------------------------------- UDP

// What the socket has no room for is lost, as it might be on its way.
long DnsQuery::send_packet() {
  is_stream_ = false;
  question_.id = ids_.next();
  std::string query = codec::encode_dns_query(question_, with_edns_);
  if (long failed = sys::connect_packets(server(), fd_); failed < 0) return failed;
  long sent = sys::send_bytes(fd_.get(), query.data(), query.size());
  if (sent >= 0 || sys::try_later(sent)) return watch(sys::kReadable);
  fd_.reset();
  return sent;
}

// A receive fails when an ICMP message says that the server is not there.
void DnsQuery::on_packet() {
  std::array<char, kReadBytes> room;
  long size = sys::receive(fd_.get(), room.data(), room.size());
  if (sys::try_later(size)) return;
  if (size < 0) return fail(LookupOutcome::unreachable, size);
  take(codec::parse_dns_response({room.data(), static_cast<size_t>(size)}, question_));
}

// What is no answer to the question is not listened to: somebody else may have sent it.
void DnsQuery::take(DnsAnswer answer) {
  using Kind = DnsAnswer::Kind;
  switch (answer.kind) {
    case Kind::other: return;
    case Kind::truncated: return ask_over_stream();
    case Kind::format_error: return ask_without_edns();
    case Kind::server_failed: return fail(LookupOutcome::server_failed);
    case Kind::malformed: return fail(LookupOutcome::malformed);
    case Kind::addresses: result_.outcome = LookupOutcome::found; break;
    case Kind::no_name: result_.outcome = LookupOutcome::no_name; break;
    case Kind::no_data: result_.outcome = LookupOutcome::no_data; break;
  }
  result_.ttl_s = answer.ttl_s;
  result_.addresses = std::move(answer.addresses);
  finish();
}

// A server that does not know EDNS may say that it can't read the query (RFC 6891 section 7).
void DnsQuery::ask_without_edns() {
  if (is_stream_ || !std::exchange(with_edns_, false)) return fail(LookupOutcome::server_failed);
  close();
  if (long failed = send_packet(); failed < 0) fail(LookupOutcome::unreachable, failed);
}

// ---------------------------------------------------------------- TCP

void DnsQuery::ask_over_stream() {
  if (is_stream_) return fail(LookupOutcome::malformed);
  close();
  if (long failed = begin_stream(); failed < 0) fail(LookupOutcome::unreachable, failed);
}

// Each message stands behind its length (RFC 1035 section 4.2.2).
long DnsQuery::begin_stream() {
  is_stream_ = true;
  connected_ = false;
  question_.id = ids_.next();
  std::string query = codec::encode_dns_query(question_, with_edns_);
  output_ = {static_cast<char>(query.size() >> 8), static_cast<char>(query.size())};
  output_ += query;
  input_.clear();
  if (long failed = sys::begin_connect(server(), fd_); failed < 0) return failed;
  return watch(sys::kWritable);
}

void DnsQuery::on_stream() {
  if (!connected_) {
    long failed = sys::connect_outcome(fd_.get());
    if (failed < 0) return fail(LookupOutcome::unreachable, failed);
    connected_ = true;
  }
  output_.empty() ? read_stream() : send_stream();
}

void DnsQuery::send_stream() {
  long sent = sys::send_bytes(fd_.get(), output_.data(), output_.size());
  if (sys::try_later(sent)) return;
  if (sent < 0) return fail(LookupOutcome::unreachable, sent);
  output_.erase(0, static_cast<size_t>(sent));
  if (!output_.empty()) return;
  if (long failed = reactor_.modify(fd_.get(), sys::kReadable); failed < 0)
    fail(LookupOutcome::unreachable, failed);
}

// A server that closes, or answers something else, has failed.
void DnsQuery::read_stream() {
  std::array<char, kReadBytes> room;
  long size = sys::receive(fd_.get(), room.data(), room.size());
  if (sys::try_later(size)) return;
  if (size < 0) return fail(LookupOutcome::unreachable, size);
  if (size == 0) return fail(LookupOutcome::server_failed);
  input_.append(room.data(), static_cast<size_t>(size));
  if (input_.size() < 2) return;
  size_t length = size_t{static_cast<unsigned char>(input_[0])} << 8 | static_cast<unsigned char>(input_[1]);
  if (input_.size() - 2 < length) return;
  DnsAnswer answer = codec::parse_dns_response(std::string_view(input_).substr(2, length), question_);
  if (answer.kind == DnsAnswer::Kind::other) answer.kind = DnsAnswer::Kind::malformed;
  take(std::move(answer));
}

}  // namespace oklo
