#pragma once

#include <cstdint>
#include <string_view>

#include "gate/crew.h"
#include "gate/load.h"
#include "net/connection.h"
#include "shm/connection_states.h"

#include <oklo/dispatch.h>

namespace oklo::gate {

// Says which worker gets a message, in one reactor thread.
class Dispatcher {
 public:
  // All outlive it; the function is there where the mode wants one.
  Dispatcher(Dispatch mode, const DispatchFunction& function, const Crew& crew,
             const ConnectionStates& states, LifeRow& row, Load& load);

  uint32_t choose(ConnectionId id, const ConnectionRow& row, std::string_view bytes);
  // For what belongs to no connection, as a datagram does.
  uint32_t choose(uint8_t listener, const uint8_t* peer_ip, std::string_view bytes);

 private:
  uint32_t preferred(ConnectionId id, const ConnectionRow& row, std::string_view bytes);
  uint32_t ask(const DispatchMessage& message, uint32_t otherwise);
  uint32_t by_peer(const uint8_t* ip) const;
  uint32_t next();
  uint32_t idlest();
  uint32_t one_that_serves(uint32_t preferred) const;
  uint32_t first_that_serves(uint32_t from) const;

  Dispatch mode_;
  const DispatchFunction& function_;
  const Crew& crew_;
  const ConnectionStates& states_;
  LifeRow& row_;
  Load& load_;
  uint32_t next_ = 0;
};

}  // namespace oklo::gate
