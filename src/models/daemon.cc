// A server that goes into the background by the book (daemon(7)), and serves there as epoll-level does.
//
// Who waits where: the process in the background in epoll_wait, for clients and for signals, which it reads
// as from a file. The one that was started waits for it to be ready, tells its error, if any, and ends.
// Connection N+1: is served as every other.
// What it costs: two forks at the beginning. The steps, and why: the socket is opened before, so that its
// error is seen at the terminal. A first fork, since the leader of a process group can't begin a session;
// setsid, which leaves the terminal; a second fork, since the leader of a session may get a terminal again by
// opening one. umask, so that files have the rights that the program names. chdir to /, so that no file
// system is kept from being unmounted. All other fds are closed, and the first three lead to /dev/null, so
// that what is printed goes to no socket. A file with the pid, locked, so that there is one of them; it
// stands where the program was started, and goes when the program does.
// What the next model mends: signals has children, and can be told more than to end.
#include <array>
#include <string>

#include "models/epoll_clients.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/file.h"
#include "sys/pid_file.h"
#include "sys/process.h"
#include "sys/signal_fd.h"
#include "sys/socket.h"
#include "sys/socket_pair.h"

namespace oklo::models {

namespace {

constexpr const char* kPidFile = "oklo-model.pid";

// Ends with SIGTERM or SIGINT.
Result<void> serve(Listener& listener, sys::SignalFd& signals) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return epoll.error();
  for (int fd : {listener.fd(), signals.fd()})
    if (long failed = epoll->add(fd, sys::kReadable, static_cast<uint64_t>(fd)); failed < 0)
      return system_error(static_cast<int>(-failed), "cannot watch a socket");
  EpollClients clients(*epoll, 0);
  std::array<epoll_event, 64> events;
  for (;;) {
    long count = epoll->wait(events, -1);
    for (long i = 0; i < count; i++) {
      int fd = static_cast<int>(events[i].data.u64);
      if (fd == signals.fd()) return {};
      if (fd != listener.fd()) clients.on_event(fd);
      else if (sys::Fd client = listener.take()) clients.add(std::move(client));
    }
  }
}

// How it went is one message to the process that was started: an errno number, and a text when it went wrong.
void tell(const sys::Fd& starter, const Result<void>& outcome) {
  std::string message(1, static_cast<char>(outcome ? 0 : outcome.error().number));
  if (!outcome) message += outcome.error().text;
  (void)sys::send_message(starter.get(), message);
}

Result<void> hear(const sys::Fd& daemon) {
  char message[1024];
  sys::Fd none;
  sys::wait_for_message(daemon.get());
  long size = sys::receive_message(daemon.get(), message, none);
  if (size < 1) return Error{0, "the daemon ended before it was ready"};
  if (size == 1) return {};
  return Error{message[0], std::string(message + 1, static_cast<size_t>(size - 1))};
}

// In the process that stays. The two fds were opened in this order, so the first has the lower number.
Result<void> live(sys::Fd socket, sys::Fd& starter, const std::string& pid_path) {
  sys::set_umask(027);
  if (Result<void> moved = sys::change_directory("/"); !moved) return moved;
  int keep[] = {socket.get(), starter.get()};
  sys::close_all_fds_except(keep);
  if (Result<void> detached = sys::detach_std_fds(); !detached) return detached;
  Result<sys::SignalFd> signals = sys::SignalFd::create({SIGTERM, SIGINT});
  if (!signals) return signals.error();
  Result<sys::PidFile> pid_file = sys::PidFile::create(pid_path);
  if (!pid_file) return pid_file.error();
  Result<Listener> listener = Listener::from(std::move(socket), Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  tell(starter, {});
  starter.reset();
  Result<void> ended = serve(*listener, *signals);
  pid_file->remove();
  return ended;
}

// In the first child, and then in its child.
[[noreturn]] void detach(sys::Fd socket, sys::Fd starter, const std::string& pid_path) {
  Result<void> outcome = sys::new_session();
  if (outcome) {
    Result<pid_t> second = sys::fork_process();
    if (second && *second != 0) sys::exit_now(0);
    outcome = second ? live(std::move(socket), starter, pid_path) : second.error();
  }
  if (!outcome) tell(starter, outcome);
  sys::exit_now(outcome ? 0 : 1);
}

}  // namespace

Result<void> run_daemon(Stage& stage) {
  Result<sys::Fd> socket = sys::listen_on(stage.address, {});
  if (!socket) return socket.error();
  Result<sys::Address> address = sys::local_address(socket->get());
  if (!address) return address.error();
  Result<sys::SocketPair> pair = sys::SocketPair::create();
  if (!pair) return pair.error();
  std::string pid_path = sys::absolute_path(kPidFile);
  stage.listening(*address);
  Result<pid_t> first = sys::fork_process();
  if (!first) return first.error();
  if (*first == 0) detach(*std::move(socket), std::move(pair->second), pid_path);
  pair->second.reset();
  (void)sys::wait_for_child();  // the first child, which is no zombie then
  return hear(pair->first);
}

}  // namespace oklo::models
