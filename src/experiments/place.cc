#include "experiments/place.h"

#include "sys/epoll.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/waiting.h"

namespace oklo::experiments {

namespace {

Result<Place> place_at(const sys::Address& wanted, bool shared) {
  Result<sys::Fd> listener = sys::listen_on(wanted, {.reuse_port = shared});
  if (!listener) return listener.error();
  Result<sys::Address> address = sys::local_address(listener->get());
  if (!address) return address.error();
  return Place{std::move(listener).value(), address->to_string()};
}

Result<Place> place_somewhere(bool shared) {
  Result<sys::Address> wanted = sys::Address::parse("127.0.0.1:0");
  return wanted ? place_at(*wanted, shared) : wanted.error();
}

void watch_next(int listener, sys::Epoll& epoll, uint32_t interest) {
  sys::Address peer;
  sys::Fd connection(static_cast<int>(sys::accept_connection(listener, peer)));
  if (connection && epoll.add(connection.get(), interest, static_cast<uint64_t>(connection.get())) >= 0)
    (void)connection.release();
}

}  // namespace

Result<Place> Place::open() { return place_somewhere(false); }

Result<Place> open_shared_place() { return place_somewhere(true); }

Result<sys::Fd> join_place(const Place& place) {
  Result<sys::Address> wanted = sys::Address::parse(place.address);
  return wanted ? sys::listen_on(*wanted, {.reuse_port = true}) : wanted.error();
}

sys::Fd accept_next(int listener) {
  sys::Address peer;
  long connection = -1;
  while (connection < 0 && sys::wait_readable(listener, UINT64_MAX) >= 0)
    connection = sys::accept_connection(listener, peer);
  return sys::Fd(static_cast<int>(connection));
}

bool echo(int connection) {
  char bytes[16];
  if (sys::wait_readable(connection, UINT64_MAX) < 0) return false;
  long size = sys::receive(connection, bytes, sizeof bytes);
  return size > 0 && sys::send_bytes(connection, bytes, static_cast<size_t>(size)) == size;
}

void run_loop(int listener, uint32_t interest, const Function<bool(int connection)>& ready) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll || epoll->add(listener, sys::kReadable, static_cast<uint64_t>(listener)) < 0) sys::exit_now(1);
  for (;;) {
    epoll_event event = {};
    if (epoll->wait({&event, 1}, -1) != 1) continue;
    int fd = static_cast<int>(event.data.u64);
    if (fd == listener) watch_next(listener, *epoll, interest);
    else if (!ready(fd)) sys::Fd(fd).reset();
  }
}

}  // namespace oklo::experiments
