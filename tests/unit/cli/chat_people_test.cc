#include "cli/chat_people.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/number.h"

using namespace oklo;
using cli::ChatPeople;
using cli::ChatPerson;

namespace {

std::set<uint32_t> closed;  // rows of connections that are gone

bool is_open(ConnectionId id) { return !closed.contains(id.row); }

struct World {
  ChatPeople people{is_open};

  World() {
    closed.clear();
    REQUIRE(people.error().empty());
  }
  std::optional<ChatPeople::Entered> enter(uint32_t row, std::string_view room, std::string_view name,
                                           std::string_view token = {}) {
    return people.enter({{row, 1}, std::string(room), std::string(name), 3}, token);
  }
  std::string name(uint32_t row, std::string_view room, std::string_view wanted,
                   std::string_view token = {}) {
    return enter(row, room, wanted, token)->name;
  }
  std::multiset<std::string> names(std::string_view room) const {
    std::multiset<std::string> all;
    for (const ChatPerson& person : people.in(room)) all.insert(person.name);
    return all;
  }
};

using Names = std::multiset<std::string>;

}  // namespace

TEST_CASE("cli/chat_people: who enters is there, in one room, until it leaves") {
  World world;
  CHECK(world.name(1, "lobby", "Ada") == "Ada");
  CHECK(world.name(2, "lobby", "Bob") == "Bob");
  CHECK(world.name(3, "kitchen", "Cy") == "Cy");
  CHECK(world.names("lobby") == Names{"Ada", "Bob"});
  CHECK(world.names("kitchen") == Names{"Cy"});
  CHECK(world.names("attic").empty());
  std::optional<ChatPerson> bob = world.people.find({2, 1});
  REQUIRE(bob);
  CHECK(bob->name == "Bob");
  CHECK(bob->room == "lobby");
  CHECK(bob->worker == 3);
  CHECK((bob->id == ConnectionId{2, 1}));
  CHECK_FALSE(world.people.find({2, 3}));
  CHECK(world.people.leave({2, 1}));
  CHECK_FALSE(world.people.leave({2, 1}));
  CHECK(world.names("lobby") == Names{"Ada"});
}

TEST_CASE("cli/chat_people: a name that is taken gets the first free number") {
  World world;
  CHECK(world.name(1, "lobby", "Ada") == "Ada");
  CHECK(world.name(2, "lobby", "Ada") == "Ada 2");
  CHECK(world.name(3, "lobby", "aDA") == "aDA 3");
  CHECK(world.name(4, "lobby", "Ada 2") == "Ada 2 2");
  CHECK(world.name(5, "kitchen", "Ada") == "Ada");
  world.people.leave({2, 1});
  CHECK(world.name(6, "lobby", "Ada") == "Ada 2");
}

TEST_CASE("cli/chat_people: with the token of the one before it takes that one's place and name") {
  World world;
  CHECK(world.name(1, "lobby", "Ada", "secret") == "Ada");
  CHECK(world.name(2, "lobby", "Ada", "other") == "Ada 2");
  std::optional<ChatPeople::Entered> again = world.enter(3, "lobby", "Ada", "secret");
  CHECK(again->name == "Ada");
  CHECK((again->before == ConnectionId{1, 1}));
  CHECK_FALSE(world.people.leave({1, 1}));
  CHECK(world.names("lobby") == Names{"Ada", "Ada 2"});
  // No token is nobody's, and neither room nor name may differ.
  CHECK(world.name(4, "lobby", "Bob") == "Bob");
  CHECK(world.name(5, "lobby", "Bob") == "Bob 2");
  CHECK_FALSE(world.enter(6, "kitchen", "Ada", "secret")->before);
  CHECK_FALSE(world.enter(7, "lobby", "Eve", "secret")->before);
}

TEST_CASE("cli/chat_people: one whose connection is gone counts no more, and is swept once") {
  World world;
  world.enter(1, "lobby", "Ada", "secret");
  world.enter(2, "lobby", "Bob");
  CHECK(world.people.sweep().empty());
  closed = {1};
  CHECK(world.names("lobby") == Names{"Bob"});
  CHECK(world.name(3, "lobby", "Ada") == "Ada");
  std::vector<ChatPerson> gone = world.people.sweep();
  REQUIRE(gone.size() == 1);
  CHECK((gone[0].id == ConnectionId{1, 1}));
  CHECK(gone[0].name == "Ada");
  CHECK(gone[0].room == "lobby");
  CHECK(world.people.sweep().empty());
  CHECK(world.names("lobby") == Names{"Ada", "Bob"});
}

TEST_CASE("cli/chat_people: who comes back before it was swept is the same one") {
  World world;
  world.enter(1, "lobby", "Ada", "secret");
  closed = {1};
  std::optional<ChatPeople::Entered> again = world.enter(2, "lobby", "Ada", "secret");
  CHECK(again->name == "Ada");
  CHECK((again->before == ConnectionId{1, 1}));
  CHECK(world.people.sweep().empty());
}

TEST_CASE("cli/chat_people: there is an end, and room again when one leaves") {
  World world;
  for (uint32_t row = 1; row <= ChatPeople::kPeopleMax; row++)
    CHECK(world.enter(row, "room " + decimal(row % 7), "Ada").has_value());
  CHECK_FALSE(world.enter(5000, "lobby", "Bob").has_value());
  CHECK(world.people.leave({17, 1}));
  CHECK(world.enter(5000, "lobby", "Bob").has_value());
}

TEST_CASE("cli/chat_people: the longest names of four bytes a character") {
  World world;
  std::string name, room;
  for (size_t i = 0; i < ChatPeople::kNameCharactersMax; i++) name += "😀";
  for (size_t i = 0; i < ChatPeople::kRoomCharactersMax; i++) room += "😀";
  std::string token(ChatPeople::kTokenBytesMax, 't');
  for (uint32_t row = 1; row <= ChatPeople::kPeopleMax; row++)
    CHECK(world.enter(row, room, name, row == 1 ? token : "").has_value());
  CHECK(world.names(room).contains(name + " 1000"));
}
