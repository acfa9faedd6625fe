#include "process/listeners.h"

#include <algorithm>
#include <utility>

#include "sys/file.h"
#include "sys/steering.h"

namespace oklo {

namespace {

// Whoever may reach the directory of a unix socket may connect, as anyone may to a port: what stands in front
// nearly always runs as another user.
constexpr mode_t kOpenToAll = 0666;

sys::ListenOptions options_of(const ListenAddress& wanted) {
  sys::ListenOptions options;
  options.defer_accept = wanted.defer_accept;
  options.datagram = wanted.datagram;
  options.nodelay = wanted.nodelay;
  options.keepalive_s = static_cast<int>(wanted.keepalive_s);
  options.backlog = static_cast<int>(wanted.backlog);
  options.unix_rights = kOpenToAll;
  options.receive_buffer_bytes = static_cast<int>(wanted.receive_buffer_bytes);
  return options;
}

}  // namespace

// ---------------------------------------------------------------- opening

Result<Listeners> Listeners::open(const std::vector<ListenAddress>& wanted, uint32_t slots,
                                  ActivatedSockets* activated, const Listeners* before) {
  Listeners listeners;
  if (activated) activated->begin();
  for (const ListenAddress& address : wanted)
    if (Result<void> opened = listeners.open_address(address, slots, activated, before); !opened) {
      listeners.discard(before ? *before : Listeners());
      return opened.error();
    }
  return listeners;
}

// A socket that was passed stands for the address.
Result<void> Listeners::open_address(const ListenAddress& wanted, uint32_t slots, ActivatedSockets* activated,
                                     const Listeners* before) {
  ActivatedSockets none;
  Result<sys::Fd> passed = (activated ? *activated : none).take(wanted.text, options_of(wanted));
  if (!passed) return passed.error();
  if (*passed) {
    Result<sys::Address> address = sys::local_address(passed->get());
    if (!address) return address.error();
    add(*address, wanted, true, std::make_shared<const sys::Fd>(std::move(passed).value()));
    return {};
  }
  Result<sys::Address> address = sys::Address::parse(wanted.text);
  if (!address) return address.error();
  if (!before || !share(wanted, *address, slots, *before))
    if (Result<void> opened = open_first(wanted, *address); !opened) return opened;
  return join(slots);
}

void Listeners::add(const sys::Address& address, const ListenAddress& wanted, bool passed, Socket first) {
  addresses_.push_back(address);
  groups_.push_back({wanted, passed, {std::move(first)}});
}

// The text tells of two that the kernel chose a port for.
bool Listeners::share(const ListenAddress& wanted, const sys::Address& address, uint32_t slots,
                      const Listeners& before) {
  for (size_t i = 0; i < before.groups_.size(); i++) {
    const Group& other = before.groups_[i];
    bool same = other.wanted.text == wanted.text || before.addresses_[i] == address;
    if (!same || other.passed || other.wanted.datagram != wanted.datagram || sharer_of(other)) continue;
    addresses_.push_back(before.addresses_[i]);
    groups_.push_back({wanted, false, other.sockets});
    std::vector<Socket>& sockets = groups_.back().sockets;
    if (!wanted.datagram && sockets.size() > slots) sockets.resize(slots);
    // A kernel that can't steer gives the new ones connections at once; whoever serves them is there soon.
    if (may_be_steered(groups_.size() - 1) && sockets.size() < slots)
      (void)!sys::steer_to_first(sockets[0]->get(), static_cast<uint32_t>(sockets.size()));
    return true;
  }
  return false;
}

// It binds alone, so that an address in use is an error and not a silent half share of its connections; it
// asks for the port when that is 0, and the others take the same.
Result<void> Listeners::open_first(const ListenAddress& wanted, sys::Address address) {
  Result<sys::Fd> first = sys::listen_first(address, options_of(wanted));
  if (!first) return first.error();
  Result<sys::Address> own = address.is_unix() ? address : sys::local_address(first->get());
  if (!own) return own.error();
  add(*own, wanted, false, std::make_shared<const sys::Fd>(std::move(first).value()));
  return {};
}

Result<void> Listeners::join(uint32_t slots) {
  Group& group = groups_.back();
  sys::ListenOptions options = options_of(group.wanted);
  options.reuse_port = true;
  const sys::Address& address = addresses_.back();
  while (group.sockets.size() < slots && !address.is_unix()) {
    Result<sys::Fd> next = sys::listen_on(address, options);
    if (!next) return next.error();
    group.sockets.push_back(std::make_shared<const sys::Fd>(std::move(next).value()));
  }
  return {};
}

// ---------------------------------------------------------------- while they are open

std::vector<std::vector<int>> Listeners::numbers() const {
  std::vector<std::vector<int>> all;
  for (const Group& group : groups_) {
    all.emplace_back();
    for (const Socket& socket : group.sockets) all.back().push_back(socket->get());
  }
  return all;
}

// In that of a passed socket they wait for all.
unsigned Listeners::queue_length(uint32_t slot) const {
  unsigned longest = 0;
  for (const Group& group : groups_)
    if (!group.wanted.datagram && !group.passed && slot < group.sockets.size())
      longest = std::max(longest, sys::accept_queue(group.sockets[slot]->get()).length);
  return longest;
}

sys::AcceptQueue Listeners::queue(uint32_t slot) const {
  sys::AcceptQueue longest;
  for (const Group& group : groups_) {
    if (slot >= group.sockets.size()) continue;
    sys::AcceptQueue queue = sys::accept_queue(group.sockets[slot]->get());
    if (std::pair(queue.length, queue.limit) > std::pair(longest.length, longest.limit)) longest = queue;
  }
  return longest;
}

// ---------------------------------------------------------------- one configuration after another

const Listeners::Group* Listeners::sharer_of(const Group& group) const {
  auto shares = [&group](const Group& own) { return own.sockets[0] == group.sockets[0]; };
  auto found = std::find_if(groups_.begin(), groups_.end(), shares);
  return found == groups_.end() ? nullptr : &*found;
}

bool Listeners::may_be_steered(size_t at) const {
  return !addresses_[at].is_unix() && !groups_[at].wanted.datagram && !groups_[at].passed;
}

// The sockets of that group which the other does not have.
std::vector<Listeners::Socket> Listeners::rest_of(size_t at, const Listeners& other) const {
  const Group& group = groups_[at];
  if (group.passed) return {};
  const Group* shared = other.sharer_of(group);
  size_t kept = shared ? std::min(shared->sockets.size(), group.sockets.size()) : 0;
  return {group.sockets.begin() + static_cast<ptrdiff_t>(kept), group.sockets.end()};
}

void Listeners::take_over(const Listeners& before) {
  for (size_t i = 0; i < groups_.size(); i++) {
    if (!before.sharer_of(groups_[i])) continue;
    for (const Socket& socket : groups_[i].sockets)
      sys::set_listen_options(socket->get(), addresses_[i], options_of(groups_[i].wanted));
    if (may_be_steered(i) && !rest_of(i, before).empty())
      (void)!sys::steer_to_all(groups_[i].sockets[0]->get());
  }
  for (size_t i = 0; i < before.groups_.size(); i++) {
    if (!before.may_be_steered(i)) continue;
    const Group* shared = sharer_of(before.groups_[i]);
    std::vector<Socket> rest = before.rest_of(i, *this);
    if (shared && !rest.empty())
      (void)!sys::steer_to_first(rest[0]->get(), static_cast<uint32_t>(shared->sockets.size()));
    for (const Socket& socket : rest)
      if (!shared) (void)!sys::hold_back_connections(socket->get());
  }
  before.remove_paths(this);
}

bool Listeners::has_rest(const Listeners& after) const {
  for (size_t i = 0; i < groups_.size(); i++)
    if (!rest_of(i, after).empty()) return true;
  return false;
}

bool Listeners::rest_is_empty(const Listeners& after) const {
  for (size_t i = 0; i < groups_.size(); i++)
    for (const Socket& socket : may_be_steered(i) ? rest_of(i, after) : std::vector<Socket>())
      if (sys::accept_queue(socket->get()).length > 0) return false;
  return true;
}

// The last one that came to an address leaves it first, so that the others keep their places in it.
void Listeners::close_rest(const Listeners& after) {
  for (size_t i = 0; i < groups_.size(); i++) {
    std::vector<Socket> rest = rest_of(i, after);
    bool listens = !groups_[i].wanted.datagram && !addresses_[i].is_unix();
    for (size_t k = rest.size(); listens && k-- > 0;) sys::stop_listening(rest[k]->get());
    if (may_be_steered(i) && !rest.empty() && after.sharer_of(groups_[i]))
      (void)!sys::steer_to_all(groups_[i].sockets[0]->get());
  }
}

void Listeners::discard(const Listeners& before) {
  close_rest(before);
  remove_paths(&before);
  addresses_.clear();
  groups_.clear();
}

void Listeners::remove_paths(const Listeners* but) const {
  for (size_t i = 0; i < groups_.size(); i++)
    if (addresses_[i].is_unix() && !groups_[i].passed && (!but || !but->sharer_of(groups_[i])))
      sys::remove_file(addresses_[i].path());
}

void Listeners::close() {
  remove_paths(nullptr);
  addresses_.clear();
  groups_.clear();
}

}  // namespace oklo
