#pragma once

#include <string>
#include <string_view>

#include "cli/chat_history.h"
#include "cli/chat_people.h"
#include "cli/flood_limit.h"

#include <oklo/router.h>
#include <oklo/server.h>
#include <oklo/websocket.h>

namespace oklo::cli {

// The group chat of the demo: rooms over all workers, names, who is here, the last messages. It is made in
// the master and outlives the server; what it knows stands in shared memory, so a worker may die.
//
// A client sends texts of lines: "join", room, name, token; then "say", tag, text; "who"; "count". It gets
// objects of JSON whose member "is" says what they are. `hello` answers join: worker, generation, room, name,
// who is here, the last messages. `said`, `came` and `left` go to the room. `slow` and `refused` answer what
// was not said, with its tag, `who` and `count` what asked for them. `generation` says that new workers are
// there: a client that hears it connects again before it closes, so that the old ones can leave. It then
// names the same token, and nobody sees it go and come.
class Chat {
 public:
  static constexpr size_t kTextBytesMax = 2000;
  static constexpr uint32_t kMessageBytesMax = 4096;  // of a message with its lines; 1009
  static constexpr uint32_t kRefusedMax = 100;        // of one connection; 1008
  static constexpr size_t kTagBytesMax = 32;

  Chat();

  // Empty, or why there is no memory.
  std::string error() const { return people_.error() + history_.error(); }

  // Its WebSocket at this path, and what it has to hear of the server.
  void add_to(Router& site, std::string_view path);
  void add_to(Server& server);
  // In each worker, when it serves.
  void on_worker_start() const;

 private:
  // Of each connection.
  struct Seat {
    FloodLimit flood;
    uint32_t refused;
    bool taken;
  };

  void hear(WebSocket& socket, std::string_view message);
  void join(WebSocket& socket, std::string_view lines);
  void say(WebSocket& socket, std::string_view lines);
  void leave(WebSocket& socket, uint16_t code);
  bool may_speak(WebSocket& socket, std::string_view tag);
  void sweep();

  std::string hello(const ChatPerson& person) const;
  std::string people(std::string_view room) const;
  size_t count(std::string_view room) const { return people_.in(room).size(); }
  std::string said(const ChatPerson& person, int64_t id, std::string_view tag, std::string_view text) const;
  void tell_left(const ChatPerson& person, bool lost) const;

  ChatPeople people_;
  ChatHistory history_;
};

}  // namespace oklo::cli
