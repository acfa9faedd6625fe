#include "models/epoll_clients.h"

#include <algorithm>

namespace oklo::models {

void EpollClients::add(sys::Fd fd) {
  int number = fd.get();
  Client& client = keep(std::move(fd));
  client.interest = sys::kReadable;
  if (epoll_.add(number, client.interest, static_cast<uint64_t>(number)) < 0) remove(number);
}

void EpollClients::adopt(sys::Fd fd) { settle(keep(std::move(fd)), Next::reading); }

EpollClients::Client& EpollClients::keep(sys::Fd fd) {
  size_t number = static_cast<size_t>(fd.get());
  if (number >= clients_.size()) clients_.resize(number + 1);
  clients_[number].reset(new Client{std::move(fd), Conversation(worker_), 0});
  count_++;
  served_++;
  return *clients_[number];
}

void EpollClients::on_event(int fd) {
  Client& client = *clients_[fd];
  settle(client, go_on(fd, client.talk));
}

// What is watched for is told to the kernel only when it changes, which it seldom does.
void EpollClients::settle(Client& client, Next next) {
  int fd = client.fd.get();
  uint32_t interest = next == Next::writing ? sys::kWritable : sys::kReadable;
  if (next == Next::nothing) return remove(fd);
  if (interest == client.interest) return;
  client.interest = interest;
  if (epoll_.modify(fd, interest, static_cast<uint64_t>(fd)) < 0) remove(fd);
}

// To close an fd takes it out of the epoll instance only when no other process has a copy of it.
void EpollClients::remove(int fd) {
  epoll_.remove(fd);
  clients_[fd].reset();
  count_--;
}

// A request may have come that nobody has read yet.
void EpollClients::end_soon() {
  for (size_t i = 0; i < clients_.size(); i++) {
    int fd = static_cast<int>(i);
    if (!has(fd)) continue;
    clients_[fd]->talk.end_soon();
    on_event(fd);
    if (has(fd) && clients_[fd]->talk.is_idle()) remove(fd);
  }
}

}  // namespace oklo::models
