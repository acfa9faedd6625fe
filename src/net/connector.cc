#include "net/connector.h"

#include <errno.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/number.h"

namespace oklo {

namespace {

thread_local Connector* current_connector = nullptr;
std::atomic<uint32_t> made = 0;

std::string no_connection_to(std::string_view address) {
  return std::string("cannot connect to ").append(address);
}

}  // namespace

Connector::Connector(ConnectionPool& pool) : pool_(pool), number_(++made) { current_connector = this; }

Connector::~Connector() { current_connector = nullptr; }

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
  look_up(id, attempt->plan.address);
}

// The one place where a text becomes addresses. The answer may come later, when nobody waits for it any more:
// so the attempt is known by its id.
void Connector::look_up(ConnectionId id, std::string_view address) {
  Result<sys::Address> parsed = sys::Address::parse(address);
  if (parsed) take_addresses(id, std::vector<sys::Address>{*parsed});
  else take_addresses(id, parsed.error());
}

void Connector::take_addresses(ConnectionId id, Result<std::vector<sys::Address>> found) {
  Attempt* attempt = find(id);
  if (!attempt) return;
  if (!found) return end(*attempt, found.error());
  OKLO_ASSERT(!found->empty());
  attempt->addresses = std::move(found).value();
  std::reverse(attempt->addresses.begin(), attempt->addresses.end());
  try_address(*attempt);
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
  if (!attempt.addresses.empty()) return try_address(attempt);
  end(attempt, system_error(static_cast<int>(-result), no_connection_to(address.to_string())));
}

// The queue of a unix socket is full, and nobody tells when it has room (connect(2), EAGAIN).
void Connector::try_later(Attempt& attempt) {
  attempt.socket.reset();
  reactor().timers().arm(attempt, std::min(now_ms() + attempt.retry_ms, attempt.deadline_ms));
  attempt.retry_ms = std::min(2 * attempt.retry_ms, kRetryMaxMs);
}

void Connector::go_on(Attempt& attempt) {
  if (now_ms() < attempt.deadline_ms) return try_address(attempt);
  std::string text = no_connection_to(attempt.plan.address);
  text.append(": no answer within ").append(decimal(attempt.plan.timeout_ms)).append(" ms");
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
