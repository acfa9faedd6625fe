#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "process/application.h"
#include "reactor/reactor.h"

namespace oklo {

// Reads one mailbox, as long as it lives. The Reactor and the fd must outlive it.
class MailboxReader final : private EventHandler {
 public:
  using OnMessage = Function<void(uint32_t from, std::string_view bytes)>;

  static Result<std::unique_ptr<MailboxReader>> start(Reactor& reactor, int fd, OnMessage on_message);
  ~MailboxReader();

 private:
  static constexpr int kMessagesMax = 64;  // a turn

  MailboxReader(Reactor& reactor, int fd, OnMessage on_message)
      : reactor_(reactor), fd_(fd), on_message_(std::move(on_message)) {}
  void on_event(uint32_t events) override;
  bool read_one();

  Reactor& reactor_;
  int fd_;
  OnMessage on_message_;
  bool watched_ = false;
  std::unique_ptr<char[]> buffer_;
};

// Reads what other processes send to that one, for the application; nullptr: nobody sends messages.
Result<std::unique_ptr<MailboxReader>> read_mail(const WorkerContext& context, Application& application);

}  // namespace oklo
