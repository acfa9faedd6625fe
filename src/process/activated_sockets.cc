#include "process/activated_sockets.h"

#include <algorithm>

#include "base/number.h"
#include "process/taken_variable.h"
#include "sys/file.h"
#include "sys/process.h"

namespace oklo {

namespace {

// The name of the n-th, of "NAME:NAME".
std::string name_at(std::string_view names, uint64_t n) {
  for (; n > 0 && !names.empty(); n--) names.remove_prefix(std::min(names.size(), names.find(':') + 1));
  return std::string(names.substr(0, names.find(':')));
}

}  // namespace

ActivatedSockets ActivatedSockets::of_environment() {
  ActivatedSockets all;
  std::string pid = taken_variable("LISTEN_PID");
  std::string names = taken_variable("LISTEN_FDNAMES");
  uint64_t count = parse_decimal(taken_variable("LISTEN_FDS")).value_or(0);
  if (pid != decimal(static_cast<uint64_t>(sys::current_pid()))) return all;
  for (uint64_t i = 0; i < std::min(count, kSocketsMax); i++) {
    int fd = kFirst + static_cast<int>(i);
    all.sockets_.push_back({fd, name_at(names, i), sys::inherit_socket(fd)});
  }
  return all;
}

void ActivatedSockets::begin() {
  for (Socket& one : sockets_) one.taken = false;
}

bool ActivatedSockets::Socket::has(std::string_view wanted) const {
  std::optional<uint64_t> number = parse_decimal(wanted);
  return number ? *number == static_cast<uint64_t>(fd) : name == wanted;
}

std::string ActivatedSockets::Socket::describe() const {
  std::string text = "fd:" + decimal(static_cast<uint64_t>(fd)) + " (";
  if (!name.empty()) text += name + ", ";
  if (!socket.ok()) return text + socket.error().text + ")";
  return text + (socket.value().datagram ? "datagrams at " : "") + socket.value().address.to_string() + ")";
}

Result<sys::Fd> ActivatedSockets::take(std::string_view text, const sys::ListenOptions& options) {
  if (is_name(text)) return take_named(text.substr(3), options);
  Result<sys::Address> address = sys::Address::parse(text);
  for (Socket& one : sockets_)
    if (address && !one.taken && one.fits(options) && one.socket->address == *address)
      return use(one, options);
  return sys::Fd();
}

// Several may have the same name, as all of one unit do: each listener gets the next.
Result<sys::Fd> ActivatedSockets::take_named(std::string_view name, const sys::ListenOptions& options) {
  const Socket* other = nullptr;
  for (Socket& one : sockets_) {
    if (!one.has(name)) continue;
    if (!one.taken && one.fits(options)) return use(one, options);
    other = &one;
  }
  if (!other) return no_such(name);
  if (!other->socket.ok()) return other->socket.error();
  if (other->taken) return Error{0, "the socket " + other->describe() + " has a listener already"};
  std::string_view wanted = options.datagram ? "datagrams are" : "a stream is";
  return Error{0, ("the socket " + other->describe() + " is of the wrong type: ").append(wanted) + " wanted"};
}

Result<sys::Fd> ActivatedSockets::use(Socket& socket, const sys::ListenOptions& options) {
  sys::Fd fd;
  if (long failed = sys::duplicate(socket.fd, fd); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot take the socket " + socket.describe());
  sys::set_inherited_options(fd.get(), *socket.socket, options);
  socket.taken = true;
  return fd;
}

Error ActivatedSockets::no_such(std::string_view name) const {
  std::string text = "no socket fd:" + std::string(name) + " was passed to this process";
  for (const Socket& one : sockets_) text += (&one == &sockets_[0] ? "; there are " : ", ") + one.describe();
  return {0, text + (sockets_.empty() ? " (LISTEN_FDS of sd_listen_fds(3))" : "")};
}

std::vector<std::string> ActivatedSockets::unused() const {
  std::vector<std::string> texts;
  for (const Socket& one : sockets_)
    if (!one.taken) texts.push_back(one.describe());
  return texts;
}

}  // namespace oklo
