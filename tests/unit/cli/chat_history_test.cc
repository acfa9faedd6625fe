#include "cli/chat_history.h"

#include <doctest/doctest.h>

#include "base/number.h"

using oklo::decimal;
using oklo::cli::ChatHistory;

using Lines = std::vector<std::string>;

namespace {

void say(ChatHistory& history, std::string_view room, const std::string& line) {
  history.add(room, history.next_id(), line);
}

}  // namespace

TEST_CASE("cli/chat_history: ids go on from where they began") {
  ChatHistory history(41);
  REQUIRE(history.error().empty());
  CHECK(history.next_id() == 42);
  CHECK(history.next_id() == 43);
}

TEST_CASE("cli/chat_history: each room has its own messages, the oldest first") {
  ChatHistory history(0);
  CHECK(history.last("lobby").empty());
  say(history, "lobby", "one");
  say(history, "kitchen", "two");
  say(history, "lobby", "three");
  CHECK(history.last("lobby") == Lines{"one", "three"});
  CHECK(history.last("kitchen") == Lines{"two"});
  CHECK(history.last("").empty());
}

TEST_CASE("cli/chat_history: the last ones of many are there") {
  ChatHistory history(0);
  Lines wanted;
  for (uint32_t i = 1; i <= 3 * ChatHistory::kMessagesMax + 7; i++) {
    say(history, "lobby", decimal(i));
    if (i > 2 * ChatHistory::kMessagesMax + 7) wanted.push_back(decimal(i));
    CHECK(history.last("lobby").size() == std::min(i, ChatHistory::kMessagesMax));
  }
  CHECK(history.last("lobby") == wanted);
}

TEST_CASE("cli/chat_history: the order is that of the ids") {
  ChatHistory history(0);
  int64_t first = history.next_id(), second = history.next_id();
  history.add("lobby", second, "second");
  history.add("lobby", first, "first");
  CHECK(history.last("lobby") == Lines{"first", "second"});
}

TEST_CASE("cli/chat_history: a new room takes the place of the one that was silent for longest") {
  ChatHistory history(0);
  for (uint32_t i = 0; i < ChatHistory::kRoomsMax; i++) say(history, "room " + decimal(i), "first");
  say(history, "room 0", "again");
  say(history, "new", "hello");
  CHECK(history.last("room 0") == Lines{"first", "again"});
  CHECK(history.last("room 1").empty());
  CHECK(history.last("room 2") == Lines{"first"});
  CHECK(history.last("new") == Lines{"hello"});
  say(history, "room 1", "back");
  CHECK(history.last("room 1") == Lines{"back"});
  CHECK(history.last("room 2").empty());
  CHECK(history.last("new") == Lines{"hello"});
}

TEST_CASE("cli/chat_history: a message that is too long is left out") {
  ChatHistory history(0);
  say(history, "lobby", std::string(ChatHistory::kLineBytesMax, 'x'));
  say(history, "lobby", std::string(ChatHistory::kLineBytesMax + 1, 'x'));
  say(history, "lobby", "short");
  CHECK(history.last("lobby") == Lines{std::string(ChatHistory::kLineBytesMax, 'x'), "short"});
}
