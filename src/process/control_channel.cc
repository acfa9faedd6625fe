#include "process/control_channel.h"

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

void ControlChannel::on_event(uint32_t) {
  ControlMessage message;
  sys::Fd passed;
  long n = sys::receive_message(fd_.get(), {reinterpret_cast<char*>(&message), sizeof message}, passed);
  if (n == -EAGAIN) return;
  bool known = n == static_cast<long>(sizeof message) && message.type <= ControlMessage::Type::drained;
  if (known) return events_.on_message(message, std::move(passed));
  unwatch();
  events_.on_end();
}

}  // namespace oklo
