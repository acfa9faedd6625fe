#include "shm/connection_states.h"

#include <cstring>

namespace oklo {

Result<ConnectionStates> ConnectionStates::create(uint32_t rows) {
  Result<sys::Memory> memory = sys::Memory::allocate_shared(size_t{rows} * sizeof(State));
  if (!memory) return memory.error();
  Result<AnswerTable> answers = AnswerTable::create(rows);
  if (!answers) return answers.error();
  return ConnectionStates(std::move(memory).value(), std::move(answers).value());
}

ConnectionStates::State& ConnectionStates::fresh(ConnectionId id) const {
  State& state = this->state(id);
  if (state.generation == id.generation) return state;
  std::memset(&state, 0, sizeof state);
  state.generation = id.generation;
  return state;
}

uint64_t ConnectionStates::user(ConnectionId id) const {
  const State& state = this->state(id);
  return state.generation == id.generation ? state.user : 0;
}

ConnectionStates::Local ConnectionStates::local(ConnectionId id) const {
  const State& state = this->state(id);
  return state.generation == id.generation ? state.local : Local{};
}

}  // namespace oklo
