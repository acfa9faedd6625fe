#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/shared.h>
#include <oklo/table.h>

namespace oklo::cli {

// The last messages of each room of the chat, in memory that all workers share: a fixed number of places for
// rooms, each with a ring of messages. A room in which something is said for the first time takes the place
// of that one which was silent for longest. A message is kept in the form in which it was sent.
class ChatHistory {
 public:
  static constexpr uint32_t kRoomsMax = 32;
  static constexpr uint32_t kMessagesMax = 50;  // of one room
  static constexpr uint32_t kLineBytesMax = 4608;

  // Ids are given out from the one behind this.
  explicit ChatHistory(int64_t last_id);

  // Empty, or why there is no memory.
  std::string error() const;

  // An id for a message: greater than all that any worker was given before.
  int64_t next_id() { return ids_.add(); }

  // Keeps a message; one that is too long is not kept.
  void add(std::string_view room, int64_t id, std::string_view line);

  // Those of a room that are there, the oldest first.
  std::vector<std::string> last(std::string_view room) const;

 private:
  uint32_t place_for(std::string_view room) const;

  Table places_;    // of rooms, under their numbers
  Table messages_;  // under place times kMessagesMax plus a number in the ring
  Lock lock_;       // who adds holds it
  Atomic ids_;
};

}  // namespace oklo::cli
