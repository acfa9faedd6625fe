#include "shm/connection_states.h"

#include <doctest/doctest.h>

#include <cstring>

using oklo::ConnectionId;
using oklo::ConnectionStates;

TEST_CASE("shm/connection_states: each connection has a memory of its own, zeroed at first") {
  ConnectionStates states = ConnectionStates::create(4).value();
  ConnectionId first{0, 1}, last{3, 5};
  auto* memory = static_cast<unsigned char*>(states.memory(last));
  for (size_t i = 0; i < ConnectionStates::kBytes; i++) CHECK(memory[i] == 0);
  std::memset(memory, 7, ConnectionStates::kBytes);
  CHECK(static_cast<unsigned char*>(states.memory(first))[63] == 0);
  CHECK(states.memory(last) == memory);
  CHECK(memory[63] == 7);
}

TEST_CASE("shm/connection_states: what one kept is not found by the next one in its row") {
  ConnectionStates states = ConnectionStates::create(2).value();
  ConnectionId one{1, 1}, next{1, 3};
  std::memset(states.memory(one), 7, ConnectionStates::kBytes);
  states.bind(one, 42);
  states.keep_local(one, {{1, 2, 3}, 80});
  CHECK(states.user(one) == 42);
  CHECK(states.local(one).port == 80);
  CHECK(states.local(one).ip[2] == 3);
  CHECK(states.user(next) == 0);
  CHECK(states.local(next).port == 0);
  CHECK(static_cast<unsigned char*>(states.memory(next))[0] == 0);
  CHECK(states.user(one) == 0);
  states.bind(next, 43);
  CHECK(states.user(next) == 43);
}

TEST_CASE("shm/connection_states: each of what is kept stays when another is") {
  ConnectionStates states = ConnectionStates::create(1).value();
  ConnectionId id{0, 9};
  states.bind(id, 1);
  static_cast<char*>(states.memory(id))[5] = 'x';
  states.keep_local(id, {{9}, 90});
  CHECK(states.user(id) == 1);
  CHECK(static_cast<char*>(states.memory(id))[5] == 'x');
  CHECK(states.local(id).ip[0] == 9);
}
