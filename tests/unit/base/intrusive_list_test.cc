#include "base/intrusive_list.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <vector>

#include "child.h"

namespace {

struct Item : oklo::ListNode {
  explicit Item(int n) : number(n) {}
  int number;
};

std::vector<int> drain(oklo::IntrusiveList<Item>& list) {
  std::vector<int> numbers;
  while (!list.empty()) {
    numbers.push_back(list.front().number);
    list.front().unlink();
  }
  return numbers;
}

}  // namespace

TEST_CASE("base/intrusive_list: keeps the order of push_back") {
  Item a(1), b(2), c(3);
  oklo::IntrusiveList<Item> list;
  CHECK(list.empty());
  for (Item* item : {&a, &b, &c}) list.push_back(*item);
  CHECK(a.linked());
  CHECK(drain(list) == std::vector<int>{1, 2, 3});
  CHECK(!a.linked());
}

TEST_CASE("base/intrusive_list: a member leaves from the front, the middle and the end, and comes back") {
  for (int place : {0, 1, 2}) {
    Item items[] = {Item(0), Item(1), Item(2)};
    oklo::IntrusiveList<Item> list;
    for (Item& item : items) list.push_back(item);
    items[place].unlink();
    items[place].unlink();
    CHECK(!items[place].linked());
    list.push_back(items[place]);
    std::vector<int> wanted{0, 1, 2};
    wanted.erase(wanted.begin() + place);
    wanted.push_back(place);
    CHECK(drain(list) == wanted);
  }
}

TEST_CASE("base/intrusive_list: splice_back takes over all members in order") {
  Item a(1), b(2), c(3), d(4);
  oklo::IntrusiveList<Item> first, second;
  first.splice_back(second);
  CHECK(first.empty());
  second.push_back(c);
  second.push_back(d);
  first.push_back(a);
  first.push_back(b);
  first.splice_back(second);
  CHECK(second.empty());
  CHECK(drain(first) == std::vector<int>{1, 2, 3, 4});
  second.push_back(a);
  first.splice_back(second);
  CHECK(drain(first) == std::vector<int>{1});
}

TEST_CASE("base/intrusive_list: a list that dies lets its members go") {
  Item a(1), b(2);
  {
    oklo::IntrusiveList<Item> list;
    list.push_back(a);
    list.push_back(b);
  }
  CHECK(!a.linked());
  CHECK(!b.linked());
}

TEST_CASE("base/intrusive_list: a second list for one member is a bug that ends the process") {
  CHECK(in_child([] {
          close(STDERR_FILENO);
          signal(SIGABRT, SIG_DFL);
          Item a(1);
          oklo::IntrusiveList<Item> first, second;
          first.push_back(a);
          second.push_back(a);
          return 0;
        }) == 1000 + SIGABRT);
}
