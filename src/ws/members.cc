#include "ws/members.h"

#include <memory>
#include <utility>

#include "ws/session.h"

namespace oklo::ws {

void Members::enter(net::Connection& connection) {
  pool_ = connection.endpoint().pool;
  count_++;
}

void Members::exit(net::Connection& connection) {
  Membership* next = std::exchange(connection.session<Session>().memberships, nullptr);
  while (next) {
    std::unique_ptr<Membership> left(next);
    next = left->next;
    remove(*left);
  }
  count_--;
}

void Members::join(net::Connection& connection, std::string_view room) {
  Session& session = connection.session<Session>();
  for (Membership* one = session.memberships; one; one = one->next)
    if (one->room->first == room) return;
  auto place = rooms_.find(room);
  if (place == rooms_.end()) place = rooms_.emplace(std::string(room), LocalRoom()).first;
  std::vector<LocalRoom::Member>& members = place->second.members;
  session.memberships = new Membership{session.memberships, place, members.size()};
  members.push_back({&connection, session.memberships});
}

void Members::leave(net::Connection& connection, std::string_view room) {
  Membership** link = &connection.session<Session>().memberships;
  while (*link && (*link)->room->first != room) link = &(*link)->next;
  if (!*link) return;
  std::unique_ptr<Membership> left(*link);
  *link = left->next;
  remove(*left);
}

// The last member takes the place that became free.
void Members::remove(Membership& membership) {
  std::vector<LocalRoom::Member>& members = membership.room->second.members;
  members[membership.index] = members.back();
  members[membership.index].membership->index = membership.index;
  members.pop_back();
  if (members.empty()) rooms_.erase(membership.room);
}

const LocalRoom* Members::find(std::string_view room) const {
  auto found = rooms_.find(room);
  return found == rooms_.end() ? nullptr : &found->second;
}

}  // namespace oklo::ws
