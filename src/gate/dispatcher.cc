#include "gate/dispatcher.h"

#include <cstring>

#include "sys/address.h"

namespace oklo::gate {

Dispatcher::Dispatcher(Dispatch mode, const DispatchFunction& function, const Crew& crew,
                       const ConnectionStates& states, LifeRow& row, Load& load)
    : mode_(mode), function_(function), crew_(crew), states_(states), row_(row), load_(load) {}

uint32_t Dispatcher::choose(ConnectionId id, const ConnectionRow& row, std::string_view bytes) {
  return one_that_serves(preferred(id, row, bytes));
}

uint32_t Dispatcher::preferred(ConnectionId id, const ConnectionRow& row, std::string_view bytes) {
  uint32_t by_connection = worker_of(id, crew_.size());
  switch (mode_) {
    case Dispatch::connection: return by_connection;
    case Dispatch::round_robin: return next();
    case Dispatch::idle: return idlest();
    case Dispatch::peer: return row.ip_of_peer() ? by_peer(row.peer_ip) : by_connection;
    case Dispatch::user: {
      uint64_t user = states_.user(id);
      return user ? static_cast<uint32_t>(user % crew_.size()) : by_connection;
    }
    case Dispatch::function: {
      std::string peer = sys::peer_host(row.ip_of_peer());
      return ask({id, row.listener, std::move(peer), states_.user(id), crew_.size(), bytes}, by_connection);
    }
  }
  return by_connection;
}

// Without a connection or a user there are peers.
uint32_t Dispatcher::choose(uint8_t listener, const uint8_t* peer_ip, std::string_view bytes) {
  if (mode_ == Dispatch::round_robin) return one_that_serves(next());
  if (mode_ == Dispatch::idle) return one_that_serves(idlest());
  uint32_t by_peer_or_turn = peer_ip ? by_peer(peer_ip) : next();
  if (mode_ != Dispatch::function) return one_that_serves(by_peer_or_turn);
  std::string peer = sys::peer_host(peer_ip);
  return one_that_serves(ask({{}, listener, std::move(peer), 0, crew_.size(), bytes}, by_peer_or_turn));
}

uint32_t Dispatcher::ask(const DispatchMessage& message, uint32_t otherwise) {
  unsigned answer = function_(message);
  if (answer < crew_.size()) return answer;
  row_.dispatched_wrong.add(1);
  return otherwise;
}

uint32_t Dispatcher::by_peer(const uint8_t* ip) const {
  uint64_t halves[2];
  std::memcpy(halves, ip, sizeof halves);
  uint64_t mixed = halves[0] ^ halves[1];
  for (int i = 0; i < 2; i++) {  // A product carries upwards alone, and neighbours differ in the last byte.
    mixed ^= mixed >> 32;
    mixed *= 0x9e3779b97f4a7c15;
  }
  return static_cast<uint32_t>((mixed >> 32) % crew_.size());
}

// Passes over who is late, so that what comes does not wait behind one handler that takes long.
uint32_t Dispatcher::next() {
  next_ = first_that_serves((next_ + 1) % crew_.size());
  return next_;
}

// Among equals the next one, so that not all goes to the first. One that is late may be so for long, however
// few messages it has.
uint32_t Dispatcher::idlest() {
  uint32_t best = next();
  for (uint32_t i = 0; i < crew_.size(); i++) {
    uint32_t other = (next_ + i) % crew_.size();
    bool in_time = crew_.in_time(other);
    bool less = crew_.serves(other) && load_.of(other) < load_.of(best);
    if (in_time == crew_.in_time(best) ? less : in_time) best = other;
  }
  return best;
}

// Where nobody serves, it waits for the next life of the one that was meant.
uint32_t Dispatcher::one_that_serves(uint32_t preferred) const {
  return crew_.serves(preferred) ? preferred : first_that_serves(preferred);
}

// In time, if one does.
uint32_t Dispatcher::first_that_serves(uint32_t from) const {
  uint32_t found = crew_.size();
  for (uint32_t i = 0; i < crew_.size(); i++) {
    uint32_t worker = (from + i) % crew_.size();
    if (crew_.in_time(worker)) return worker;
    if (found == crew_.size() && crew_.serves(worker)) found = worker;
  }
  return found < crew_.size() ? found : from;
}

}  // namespace oklo::gate
