#pragma once

#include <cstdint>

#include "base/slot_table.h"
#include "reactor/reactor.h"

#include <oklo/function.h>

namespace oklo {

// Watches of fds by number in a Reactor, which must outlive it. The numbers are like those of TimerTable. The
// fds belong to whoever adds them, and must be removed before they are closed.
class FdTable {
 public:
  explicit FdTable(Reactor& reactor) : reactor_(reactor) {}

  // 0 when the kernel does not watch it.
  uint64_t add(int fd, uint32_t events, Function<void(uint32_t)> function);
  bool change(uint64_t number, uint32_t events);
  void remove(uint64_t number);

  size_t size() const { return nodes_.size(); }

 private:
  class Node final : public EventHandler {
   public:
    Node(uint32_t index, FdTable& of, uint32_t sequence, int fd, Function<void(uint32_t)> function)
        : owner_(of), index_(index), sequence_(sequence), fd_(fd), function_(std::move(function)) {}
    ~Node() {
      if (watched_) owner_.reactor_.remove(fd_);
    }
    void on_event(uint32_t events) override { owner_.call(*this, events); }
    uint32_t slot_index() const { return index_; }
    uint64_t number() const { return uint64_t{sequence_} << 32 | index_; }

   private:
    friend class FdTable;
    FdTable& owner_;
    uint32_t index_;
    uint32_t sequence_;
    int fd_;
    bool watched_ = false;
    Function<void(uint32_t)> function_;
  };

  void call(Node& node, uint32_t events);
  Node* find(uint64_t number);

  Reactor& reactor_;
  SlotTable<Node> nodes_;
  uint32_t sequence_ = 0;
};

}  // namespace oklo
