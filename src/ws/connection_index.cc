#include "ws/connection_index.h"

#include <utility>

namespace oklo::ws {

// Where it stands, or the free place where the search for it ends.
size_t ConnectionIndex::place_of(ConnectionId id) const {
  size_t at = home_of(id.row);
  while (places_[at] && !(places_[at]->id() == id)) at = (at + 1) & mask();
  return at;
}

net::Connection* ConnectionIndex::find(ConnectionId id) const { return places_[place_of(id)]; }

void ConnectionIndex::insert(net::Connection& connection) {
  if ((size_ + 1) * 4 > places_.size() * 3) grow();
  places_[place_of(connection.id())] = &connection;
  size_++;
}

void ConnectionIndex::grow() {
  std::vector<net::Connection*> bigger(places_.size() * 2);
  std::vector<net::Connection*> old = std::exchange(places_, std::move(bigger));
  for (net::Connection* connection : old)
    if (connection) places_[place_of(connection->id())] = connection;
}

// What follows moves up, unless it stands at or behind its home only where it is: no search may meet a gap.
void ConnectionIndex::erase(const net::Connection& connection) {
  size_t gap = place_of(connection.id());
  OKLO_ASSERT(places_[gap]);
  for (size_t at = (gap + 1) & mask(); places_[at]; at = (at + 1) & mask()) {
    size_t from_home = (at - home_of(places_[at]->id().row)) & mask();
    if (from_home < ((at - gap) & mask())) continue;
    places_[std::exchange(gap, at)] = places_[at];
  }
  places_[gap] = nullptr;
  size_--;
}

}  // namespace oklo::ws
