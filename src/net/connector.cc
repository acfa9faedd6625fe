#include "net/connector.h"

#include <errno.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/number.h"
#include "net/destination.h"

namespace oklo {

namespace {

thread_local Connector* current_connector = nullptr;
std::atomic<uint32_t> made = 0;

std::string no_connection_to(std::string_view address) {
  return std::string("cannot connect to ").append(address);
}

}  // namespace

Connector::Connector(ConnectionPool& pool) : pool_(pool), number_(++made) { current_connector = this; }

Connector::~Connector() {
  attempts_.for_each([this](Attempt& attempt) {
    if (attempt.lookup) names_->cancel(attempt.lookup);
  });
  current_connector = nullptr;
}

Connector* Connector::current() { return current_connector; }

ConnectionId Connector::connect(std::string_view address, uint32_t timeout_ms,
                                const sys::ConnectOptions& options, Done done) {
  Plan plan = {std::string(address), timeout_ms, options, std::move(done)};
  ConnectionId id = leaving_ ? ConnectionId() : pool_.reserve();
  if (!id) {
    refuse(std::move(plan), leaving_ ? "this process leaves" : "it has as many connections as it may");
    return {};
  }
  Attempt& attempt = attempts_.insert(*this, id, std::move(plan));
  attempt.deadline_ms = now_ms() + timeout_ms;
  pool_.rows().row(id).slot = attempt.slot_index();
  reactor().post([this, id] { begin(id); });
  return id;
}

void Connector::refuse(Plan plan, std::string_view why) {
  std::string text = no_connection_to(plan.address).append(": ").append(why);
  reactor().post([done = std::move(plan.done), text = std::move(text)] { done({}, Error{0, text}); });
}

bool Connector::cancel(ConnectionId id) {
  Attempt* attempt = find(id);
  if (!attempt) return false;
  stop(*attempt);
  attempt->plan.done = nullptr;
  pool_.give_up(id);
  return true;
}

void Connector::leave() {
  leaving_ = true;
  attempts_.for_each([this](Attempt& attempt) {
    if (!attempt.id) return;
    end(attempt, Error{0, no_connection_to(attempt.plan.address) + ": this process leaves"});
  });
}

Connector::Attempt* Connector::find(ConnectionId id) {
  if (!pool_.rows().holds(id)) return nullptr;
  Attempt* attempt = attempts_.find(pool_.rows().row(id).slot);
  return attempt && attempt->id == id ? attempt : nullptr;
}

// ---------------------------------------------------------------- the way of an attempt

void Connector::begin(ConnectionId id) {
  Attempt* attempt = find(id);
  if (!attempt) return;
  reactor().timers().arm(*attempt, attempt->deadline_ms);
  look_up(*attempt);
}

// The one place where a text becomes addresses.
void Connector::look_up(Attempt& attempt) {
  Result<Destination> to = parse_destination(attempt.plan.address);
  if (!to) return end(attempt, to.error());
  attempt.host = std::move(to->host);
  attempt.port = to->port;
  if (!attempt.host.empty()) return look_up_name(attempt);
  attempt.addresses = {to->address};
  try_next(attempt);
}

// So many names at once there may be for a moment only: most are known by then.
void Connector::look_up_name(Attempt& attempt) {
  OKLO_ASSERT(names_);
  auto take = [this, id = attempt.id](Result<std::vector<sys::Address>> found) {
    take_addresses(id, std::move(found));
  };
  attempt.try_until_ms = attempt.deadline_ms;
  attempt.lookup = names_->look_up(attempt.host, std::move(take));
  if (!attempt.lookup) return try_later(attempt);
  attempt.host.clear();
  reactor().timers().arm(attempt, attempt.deadline_ms);
}

// Once a lookup is cancelled this is not called for it, so there is an attempt that waits.
void Connector::take_addresses(ConnectionId id, Result<std::vector<sys::Address>> found) {
  Attempt* attempt = find(id);
  OKLO_ASSERT(attempt);
  attempt->lookup = 0;
  std::string text = no_connection_to(attempt->plan.address) + ": ";
  if (!found) return end(*attempt, Error{0, text + found.error().text});
  OKLO_ASSERT(!found->empty());
  attempt->addresses = std::move(found).value();
  for (sys::Address& address : attempt->addresses) address.set_port(attempt->port);
  std::reverse(attempt->addresses.begin(), attempt->addresses.end());
  try_next(*attempt);
}

void Connector::try_next(Attempt& attempt) {
  uint64_t left = attempt.deadline_ms - std::min(attempt.deadline_ms, now_ms());
  uint64_t part = std::max(left / attempt.addresses.size(), std::min<uint64_t>(left, kTryMsMin));
  attempt.try_until_ms = now_ms() + part;
  reactor().timers().arm(attempt, attempt.try_until_ms);
  try_address(attempt);
}

void Connector::try_address(Attempt& attempt) {
  const sys::Address& address = attempt.addresses.back();
  long result = sys::begin_connect(address, attempt.plan.options, attempt.socket);
  if (result == -EAGAIN && address.is_unix()) return try_later(attempt);
  if (result == -EINPROGRESS) result = attempt.watch();
  if (result != -EINPROGRESS) settle(attempt, result);
}

void Connector::take_outcome(Attempt& attempt) {
  attempt.unwatch();
  settle(attempt, sys::connect_outcome(attempt.socket.get(), attempt.addresses.back()));
}

void Connector::settle(Attempt& attempt, long result) {
  sys::Address address = attempt.addresses.back();
  if (result >= 0) return end(attempt, Connected{std::move(attempt.socket), address});
  attempt.addresses.pop_back();
  if (!attempt.addresses.empty()) return try_next(attempt);
  std::string text = no_connection_to(attempt.plan.address);
  if (attempt.port) text.append(" at ").append(address.to_string());
  end(attempt, system_error(static_cast<int>(-result), text));
}

// Nobody tells when the queue of a unix socket has room (connect(2), EAGAIN).
void Connector::try_later(Attempt& attempt) {
  attempt.socket.reset();
  reactor().timers().arm(attempt, std::min(now_ms() + attempt.retry_ms, attempt.try_until_ms));
  attempt.retry_ms = std::min(2 * attempt.retry_ms, kRetryMaxMs);
}

void Connector::go_on(Attempt& attempt) {
  bool again = now_ms() < attempt.try_until_ms;
  if (again) return attempt.host.empty() ? try_address(attempt) : look_up_name(attempt);
  if (now_ms() >= attempt.deadline_ms || attempt.addresses.size() < 2) return give_up(attempt);
  attempt.unwatch();
  attempt.addresses.pop_back();
  try_next(attempt);
}

void Connector::give_up(Attempt& attempt) {
  std::string text = no_connection_to(attempt.plan.address);
  text.append(attempt.addresses.empty() ? ": its name was not looked up within " : ": no answer within ");
  text.append(decimal(attempt.plan.timeout_ms)).append(" ms");
  end(attempt, Error{ETIMEDOUT, std::move(text)});
}

// The row is given up last: when the process leaves, that may be the end.
void Connector::end(Attempt& attempt, Result<Connected> outcome) {
  ConnectionId id = stop(attempt);
  Done done = std::move(attempt.plan.done);
  bool failed = !outcome;
  done(id, std::move(outcome));
  if (failed) pool_.give_up(id);
}

ConnectionId Connector::stop(Attempt& attempt) {
  attempt.unwatch();
  attempt.socket.reset();
  if (uint64_t lookup = std::exchange(attempt.lookup, 0)) names_->cancel(lookup);
  reactor().timers().cancel(attempt);
  reactor().destroy_later(attempt);
  return std::exchange(attempt.id, {});
}

// -EINPROGRESS, or another negative errno number.
long Connector::Attempt::watch() {
  long failed = owner_.reactor().add(socket.get(), sys::kWritable, *this);
  watched_ = failed >= 0;
  return watched_ ? -EINPROGRESS : failed;
}

void Connector::Attempt::unwatch() {
  if (std::exchange(watched_, false)) owner_.reactor().remove(socket.get());
}

}  // namespace oklo
