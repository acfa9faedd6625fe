#pragma once

#include <memory>
#include <vector>

#include "models/client.h"
#include "sys/epoll.h"
#include "sys/fd.h"

namespace oklo::models {

// The clients that one thread watches with one epoll instance, level-triggered. The token of each is the
// number of its fd, and no number is in use twice: it is free for another only when it is closed here.
class EpollClients {
 public:
  EpollClients(sys::Epoll& epoll, uint64_t worker) : epoll_(epoll), worker_(worker) {}

  // Watches a new one for what it sends; closes it where that can't be.
  void add(sys::Fd fd);

  // The same of a connection that is in the epoll instance already.
  void adopt(sys::Fd fd);

  bool has(int fd) const { return static_cast<size_t>(fd) < clients_.size() && clients_[fd]; }

  // Something happened with that one: goes on with it.
  void on_event(int fd);

  // Closes those that have asked nothing, and the others after their answer.
  void end_soon();

  size_t count() const { return count_; }
  uint64_t served() const { return served_; }  // how many there were

 private:
  struct Client {
    sys::Fd fd;
    Conversation talk;
    uint32_t interest;
  };

  Client& keep(sys::Fd fd);
  // Watches it for what comes next, or closes it.
  void settle(Client& client, Next next);
  void remove(int fd);

  sys::Epoll& epoll_;
  uint64_t worker_;
  std::vector<std::unique_ptr<Client>> clients_;  // by fd
  size_t count_ = 0;
  uint64_t served_ = 0;
};

}  // namespace oklo::models
