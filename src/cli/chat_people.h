#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/connection_id.h>
#include <oklo/room.h>
#include <oklo/shared.h>
#include <oklo/table.h>

namespace oklo::cli {

// One who is in a room of the chat.
struct ChatPerson {
  ConnectionId id;
  std::string room;
  std::string name;
  unsigned worker = 0;  // which holds the connection
};

// Who is here, in memory that all workers share: a row for each person under the id of the connection. A
// worker that dies can't take its rows away. So a row counts only as long as its connection is open, and
// whoever sweeps takes away the others.
class ChatPeople {
 public:
  static constexpr uint32_t kPeopleMax = 1000;
  static constexpr size_t kNameCharactersMax = 24;
  static constexpr size_t kRoomCharactersMax = 32;
  static constexpr size_t kTokenBytesMax = 32;

  // What became of entering.
  struct Entered {
    std::string name;     // the one that was free
    ConnectionId before;  // whose place it took; none: it is a new person
  };

  // `is_open` says whether a connection is there.
  explicit ChatPeople(bool (*is_open)(ConnectionId) = oklo::is_open);

  // Empty, or why there is no memory.
  std::string error() const { return table_.ok() ? lock_.error() : table_.error(); }

  // Comes into a room. A name that another one has there, in any case of ASCII letters, gets a number behind
  // it. Who had that name with the same token, which only that client knows, is the same person over an
  // older connection, and gives place. Nothing when all is full.
  std::optional<Entered> enter(const ChatPerson& person, std::string_view token);

  // Whether that one was still there.
  bool leave(ConnectionId id) { return table_.erase(key_of(id)); }

  std::optional<ChatPerson> find(ConnectionId id) const;
  std::vector<ChatPerson> in(std::string_view room) const;

  // Takes away all whose connection is gone; each of them comes from one sweep alone, in whatever worker.
  std::vector<ChatPerson> sweep();

 private:
  static std::string key_of(ConnectionId id);

  bool (*is_open_)(ConnectionId);
  Table table_;
  Lock lock_;  // who looks for a free name holds it
};

}  // namespace oklo::cli
