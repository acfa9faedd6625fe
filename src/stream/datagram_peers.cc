#include "stream/datagram_peers.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "net/datagram_socket.h"
#include "net/destination.h"
#include "net/host_names.h"
#include "sys/outgoing.h"
#include "sys/socket.h"

namespace oklo::stream {

namespace {

std::string cannot_send_to(std::string_view address) {
  return std::string("cannot send to ").append(address);
}

// What says nothing of the way there: this datagram alone is lost.
bool is_momentary(long error) {
  return sys::try_later(error) || error == -ENOBUFS || error == -ENOMEM || error == -EMSGSIZE;
}

}  // namespace

DatagramPeers::DatagramPeers(const DatagramClientHandlers& handlers, const DatagramClientOptions& options,
                             Connector& connector, Names& names)
    : ClientInProcess(connector),
      handlers_(handlers),
      options_(options),
      names_(names),
      room_(new char[kBytesMax]) {}

DatagramPeers::DatagramPeers(const DatagramClientHandlers& handlers, const DatagramClientOptions& options,
                             Connector& connector)
    : DatagramPeers(handlers, options, connector, host_names()) {}

DatagramPeers::~DatagramPeers() {
  while (!peers_.empty()) erase(*peers_.begin()->second);
}

// ---------------------------------------------------------------- the peers

DatagramPeers::Peer* DatagramPeers::find(std::string_view address) {
  auto found = peers_.find(address);
  return found == peers_.end() ? nullptr : found->second.get();
}

// The one that was idle for longest makes room.
DatagramPeers::Peer& DatagramPeers::insert(std::string_view address) {
  if (peers_.size() >= options_.addresses) {
    auto less_active = [](const auto& a, const auto& b) { return a.second->active_ms < b.second->active_ms; };
    const Peer& oldest = *std::min_element(peers_.begin(), peers_.end(), less_active)->second;
    if (oldest.lookup) fail(oldest.address, cannot_send_to(oldest.address) + ": too many addresses at once");
    erase(oldest);
  }
  std::unique_ptr<Peer> made = std::make_unique<Peer>(*this, address);
  Peer& peer = *made;
  peers_.emplace(peer.address, std::move(made));
  reactor().timers().arm(peer, now_ms() + options_.idle_ms);
  return peer;
}

void DatagramPeers::erase(const Peer& peer) {
  if (peer.lookup && current()) names_.cancel(peer.lookup);
  peers_.erase(peers_.find(peer.address));
}

bool DatagramPeers::close(std::string_view address) {
  std::erase_if(failures_, [address](const Failure& failure) { return failure.address == address; });
  const Peer* peer = find(address);
  if (peer) erase(*peer);
  return peer;
}

// A peer that nobody has sent to before; nullptr when there can be none, which will be told.
DatagramPeers::Peer* DatagramPeers::begin(std::string_view address) {
  Result<Destination> to = parse_destination(address);
  if (!to) {
    fail(address, to.error().text);
    return nullptr;
  }
  Peer& peer = insert(address);
  peer.port = to->port;
  peer.addresses = {to->address};
  return to->host.empty() || look_up(peer, to->host) ? &peer : nullptr;
}

bool DatagramPeers::look_up(Peer& peer, std::string_view host) {
  peer.lookup = names_.look_up(host, [this, address = peer.address](Result<std::vector<sys::Address>> found) {
    take_addresses(address, std::move(found));
  });
  if (peer.lookup) return true;
  fail(peer.address, cannot_send_to(peer.address) + ": too many names are being looked up");
  erase(peer);
  return false;
}

// The lookup ends with its peer, so there is one that waits.
void DatagramPeers::take_addresses(std::string_view address, Result<std::vector<sys::Address>> found) {
  Peer* peer = find(address);
  OKLO_ASSERT(peer);
  peer->lookup = 0;
  if (!found) {
    fail(address, cannot_send_to(address) + ": " + found.error().text);
    return erase(*peer);
  }
  OKLO_ASSERT(!found->empty());
  peer->addresses = std::move(found).value();
  for (sys::Address& one : peer->addresses) one.set_port(peer->port);
  peer->waiting_bytes = 0;
  for (const std::string& bytes : std::exchange(peer->waiting, {}))
    if (!send_now(*peer, bytes)) break;
}

// Whether it was idle for long enough.
void DatagramPeers::look_at(Peer& peer) {
  uint64_t until_ms = peer.active_ms + options_.idle_ms;
  if (now_ms() < until_ms) return reactor().timers().arm(peer, until_ms);
  if (peer.lookup) fail(peer.address, cannot_send_to(peer.address) + ": its name was not looked up in time");
  erase(peer);
}

// ---------------------------------------------------------------- sending

bool DatagramPeers::send(std::string_view address, std::string_view bytes) {
  Peer* peer = find(address);
  if (!peer) peer = begin(address);
  if (!peer) return false;
  peer->active_ms = now_ms();
  return peer->lookup ? wait(*peer, bytes) : send_now(*peer, bytes);
}

bool DatagramPeers::wait(Peer& peer, std::string_view bytes) {
  bool room = peer.waiting.size() < kWaitingMax && peer.waiting_bytes + bytes.size() <= kWaitingBytesMax;
  if (!room || bytes.size() > DatagramSocket::kUdpBytesMax) return false;
  peer.waiting.emplace_back(bytes);
  peer.waiting_bytes += bytes.size();
  return true;
}

// An error may be that of a datagram that was sent before (udp(7)): then this one goes another way.
bool DatagramPeers::send_now(Peer& peer, std::string_view bytes) {
  for (int tries = 0; tries < 2; tries++) {
    long result = open(peer);
    if (result >= 0) result = sys::send_bytes(peer.socket.get(), bytes.data(), bytes.size());
    if (result >= 0) life().bytes_out.add(static_cast<uint64_t>(result));
    if (result >= 0 || is_momentary(result)) return result >= 0;
    move_on(peer, result);
  }
  return false;
}

// A socket to the next of its addresses that there is a way to.
long DatagramPeers::open(Peer& peer) {
  if (peer.socket) return 0;
  long result = 0;
  for (size_t left = peer.addresses.size(); left > 0; left--) {
    result = peer.open(peer.addresses[peer.at]);
    if (result >= 0 || left == 1) break;
    peer.at = (peer.at + 1) % peer.addresses.size();
  }
  return result;
}

// Tells what went wrong, and has the next datagram take another way, if there is one.
void DatagramPeers::move_on(Peer& peer, long error) {
  const sys::Address& at = peer.addresses[peer.at];
  std::string text = cannot_send_to(peer.address);
  if (peer.port) text.append(" at ").append(at.to_string());
  fail(peer.address, system_error(static_cast<int>(-error), text).text);
  peer.unwatch();
  peer.socket.reset();
  peer.at = (peer.at + 1) % peer.addresses.size();
}

long DatagramPeers::Peer::open(const sys::Address& to) {
  long result = sys::connect_packets(to, socket);
  if (result >= 0) result = owner_.reactor().add(socket.get(), sys::kReadable, *this);
  watched_ = result >= 0;
  if (!watched_) socket.reset();
  return result;
}

void DatagramPeers::Peer::unwatch() {
  if (std::exchange(watched_, false) && owner_.current()) owner_.reactor().remove(socket.get());
}

// ---------------------------------------------------------------- hearing

// A handler may close any peer, this one too, and send to others.
void DatagramPeers::receive(std::string address) {
  for (int left = kPacketsMax; left > 0; left--) {
    Peer* peer = find(address);
    if (!peer || !peer->socket) return;
    long size = sys::receive(peer->socket.get(), room_.get(), kBytesMax);
    if (sys::try_later(size)) return;
    if (size < 0) return move_on(*peer, size);
    peer->active_ms = now_ms();
    life().bytes_in.add(static_cast<uint64_t>(size));
    std::string_view bytes(room_.get(), static_cast<size_t>(size));
    if (handlers_.on_receive) handlers_.on_receive(address, bytes);
  }
}

// It is told later: others may be under way. Of one address the first reason is enough.
void DatagramPeers::fail(std::string_view address, std::string why) {
  for (const Failure& failure : failures_)
    if (failure.address == address) return;
  failures_.push_back({std::string(address), std::move(why)});
  reactor().timers().arm(*this, 0);
}

void DatagramPeers::on_timer() {
  for (const Failure& failure : std::exchange(failures_, {}))
    if (handlers_.on_failed) handlers_.on_failed(failure.address, failure.why);
}

}  // namespace oklo::stream
