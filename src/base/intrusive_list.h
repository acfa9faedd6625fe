#pragma once

#include "base/assert.h"

namespace oklo {

// A place in an IntrusiveList. What derives from it can stand in one list at a time and leaves it in
// constant time; it must have left before it dies.
class ListNode {
 public:
  ListNode() = default;
  ~ListNode() { OKLO_ASSERT(!linked()); }
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;

  bool linked() const { return next_ != nullptr; }

  void unlink() {
    if (!linked()) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = nullptr;
  }

 private:
  template <class T>
  friend class IntrusiveList;

  ListNode* next_ = nullptr;
  ListNode* prev_ = nullptr;
};

// A doubly linked list through its members, which it does not own. T derives from ListNode.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.next_ = head_.prev_ = &head_; }
  ~IntrusiveList() {
    while (!empty()) front().unlink();
    head_.next_ = head_.prev_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return head_.next_ == &head_; }
  T& front() { return static_cast<T&>(*head_.next_); }

  void push_back(T& item) {
    ListNode& node = item;
    OKLO_ASSERT(!node.linked());
    node.prev_ = head_.prev_;
    node.next_ = &head_;
    head_.prev_->next_ = &node;
    head_.prev_ = &node;
  }

  // Takes over every member of `other`, behind those that are here.
  void splice_back(IntrusiveList& other) {
    if (other.empty()) return;
    ListNode* first = other.head_.next_;
    ListNode* last = other.head_.prev_;
    other.head_.next_ = other.head_.prev_ = &other.head_;
    first->prev_ = head_.prev_;
    head_.prev_->next_ = first;
    last->next_ = &head_;
    head_.prev_ = last;
  }

 private:
  ListNode head_;
};

}  // namespace oklo
