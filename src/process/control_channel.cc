#include "process/control_channel.h"

#include <errno.h>

#include <utility>

#include "sys/socket_pair.h"

namespace oklo {

Result<std::unique_ptr<ControlChannel>> ControlChannel::create(Reactor& reactor, sys::Fd fd, Events events) {
  std::unique_ptr<ControlChannel> channel(new ControlChannel(reactor, std::move(fd), std::move(events)));
  if (long failed = reactor.add(channel->fd(), sys::kReadable, *channel); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch a control channel");
  channel->watched_ = true;
  return channel;
}

ControlChannel::ControlChannel(Reactor& reactor, sys::Fd fd, Events events)
    : reactor_(reactor), fd_(std::move(fd)), events_(std::move(events)) {}

ControlChannel::~ControlChannel() { unwatch(); }

void ControlChannel::unwatch() {
  if (watched_) reactor_.remove(fd_.get());
  watched_ = false;
}

bool ControlChannel::send(const ControlMessage& message, int passed_fd) {
  std::span<const char> bytes(reinterpret_cast<const char*>(&message), sizeof message);
  return sys::send_message(fd_.get(), bytes, passed_fd) == static_cast<long>(sizeof message);
}

void ControlChannel::on_event(uint32_t) { receive_one(); }

void ControlChannel::receive_rest() {
  while (watched_ && receive_one()) {
  }
}

// Whether there was a message.
bool ControlChannel::receive_one() {
  ControlMessage message;
  sys::Fd passed;
  long n = sys::receive_message(fd_.get(), {reinterpret_cast<char*>(&message), sizeof message}, passed);
  if (n == -EAGAIN) return false;
  bool known = n == static_cast<long>(sizeof message) && message.type <= ControlMessage::Type::signal;
  if (known) {
    message.text[ControlMessage::kTextBytesMax - 1] = '\0';
    events_.on_message(message, std::move(passed));
    return true;
  }
  unwatch();
  events_.on_end();
  return false;
}

}  // namespace oklo
