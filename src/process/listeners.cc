#include "process/listeners.h"

#include <algorithm>

#include "sys/file.h"
#include "sys/socket.h"

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

Result<Listeners> Listeners::open(const std::vector<ListenAddress>& wanted, uint32_t slots,
                                  ActivatedSockets* activated) {
  Listeners listeners;
  if (activated) activated->begin();
  for (const ListenAddress& address : wanted)
    if (Result<void> opened = listeners.open_address(address, slots, activated); !opened) {
      listeners.close();
      return opened.error();
    }
  return listeners;
}

// A socket that was passed stands for the address.
Result<void> Listeners::open_address(const ListenAddress& wanted, uint32_t slots,
                                     ActivatedSockets* activated) {
  ActivatedSockets none;
  Result<sys::Fd> passed = (activated ? *activated : none).take(wanted.text, options_of(wanted));
  if (!passed) return passed.error();
  if (!*passed) return make_sockets(wanted, slots);
  Result<sys::Address> address = sys::local_address(passed->get());
  if (!address) return address.error();
  add(*address, wanted, std::move(passed).value(), true);
  return {};
}

void Listeners::add(const sys::Address& address, const ListenAddress& wanted, sys::Fd first, bool passed) {
  addresses_.push_back(address);
  datagram_.push_back(wanted.datagram);
  passed_.push_back(passed);
  sockets_.emplace_back().push_back(std::move(first));
}

// The first one binds alone, so that an address in use is an error and not a silent half share of its
// connections; it asks for the port when that is 0, and the others take the same.
Result<void> Listeners::make_sockets(const ListenAddress& wanted, uint32_t slots) {
  Result<sys::Address> address = sys::Address::parse(wanted.text);
  if (!address) return address.error();
  sys::ListenOptions options = options_of(wanted);
  Result<sys::Fd> first = sys::listen_first(*address, options);
  if (!first) return first.error();
  if (!address->is_unix()) address = sys::local_address(first->get());
  if (!address) return address.error();
  add(*address, wanted, std::move(first).value(), false);
  options.reuse_port = true;
  for (uint32_t slot = 1; slot < slots && !address->is_unix(); slot++) {
    Result<sys::Fd> next = sys::listen_on(*address, options);
    if (!next) return next.error();
    sockets_.back().push_back(std::move(next).value());
  }
  return {};
}

std::vector<std::vector<int>> Listeners::numbers() const {
  std::vector<std::vector<int>> all;
  for (const auto& of_address : sockets_) {
    all.emplace_back();
    for (const sys::Fd& socket : of_address) all.back().push_back(socket.get());
  }
  return all;
}

// In that of a passed socket they wait for all.
unsigned Listeners::queue_length(uint32_t slot) const {
  unsigned longest = 0;
  for (size_t i = 0; i < sockets_.size(); i++)
    if (!datagram_[i] && !passed_[i] && slot < sockets_[i].size())
      longest = std::max(longest, sys::accept_queue_length(sockets_[i][slot].get()));
  return longest;
}

void Listeners::close() {
  for (size_t i = 0; i < addresses_.size(); i++)
    if (addresses_[i].is_unix() && !passed_[i]) sys::remove_file(addresses_[i].path());
  addresses_.clear();
  datagram_.clear();
  passed_.clear();
  sockets_.clear();
}

}  // namespace oklo
