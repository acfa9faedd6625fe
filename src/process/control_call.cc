#include "process/control_call.h"

#include <utility>

#include "sys/socket.h"

namespace oklo {

Result<std::unique_ptr<ControlCall>> ControlCall::begin(Reactor& reactor, const std::string& path,
                                                        std::string_view command, OnAnswer on_answer) {
  Result<sys::Fd> fd = connect_to_service(path);
  if (!fd) return fd.error();
  std::unique_ptr<ControlCall> call(
      new ControlCall(reactor, path, std::move(fd).value(), std::move(on_answer)));
  std::string line = std::string(command) + "\n";
  // Who does not listen to this user closes at once, and that is its answer.
  (void)!sys::send_bytes(call->fd_.get(), line.data(), line.size());
  if (long failed = reactor.add(call->fd_.get(), sys::kReadable, *call); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch " + path);
  call->watched_ = true;
  return call;
}

ControlCall::ControlCall(Reactor& reactor, std::string path, sys::Fd fd, OnAnswer on_answer)
    : reactor_(reactor), path_(std::move(path)), fd_(std::move(fd)), on_answer_(std::move(on_answer)) {}

ControlCall::~ControlCall() { unwatch(); }

void ControlCall::on_event(uint32_t) {
  char bytes[65536];
  long n = sys::receive(fd_.get(), bytes, sizeof bytes);
  if (sys::try_later(n)) return;
  if (n > 0) {
    answer_.append(bytes, static_cast<size_t>(n));
    return;
  }
  unwatch();
  on_answer_(read_answer(path_, answer_));
}

void ControlCall::unwatch() {
  if (std::exchange(watched_, false)) reactor_.remove(fd_.get());
}

}  // namespace oklo
