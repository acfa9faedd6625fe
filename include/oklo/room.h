#pragma once

#include <cstddef>
#include <string_view>

#include <oklo/connection_id.h>  // send_to, for one WebSocket

namespace oklo {

// A group of WebSockets that get the same messages, in all workers of the server, also in those of an
// earlier generation that still drain. It is there as long as somebody is in it: WebSocket::join. This is
// only its name, borrowed, so make one where it is used: in a handler of a worker, in a process of the
// program's own (Server::process), in a task worker, in a callback of the master.
//
// What one process sends arrives in the order in which it was sent; what two send, in any order. Sending
// never waits for anybody. A worker that is stopped, or far too slow, may miss messages for its WebSockets
// when it goes on: they are counted in the status (broadcasts_missed) and told in the error log.
class Room {
 public:
  // The longest name, and the longest message that can be sent to more than one WebSocket or to one of
  // another worker.
  static constexpr size_t kNameBytesMax = 255;
  static constexpr size_t kMessageBytesMax = 255 * 1024;

  explicit Room(std::string_view name) : name_(name) {}
  std::string_view name() const { return name_; }

  // Sends a text, which must be UTF-8, or bytes to all who are in the room. False when nobody gets it: the
  // name or the message is too long, or this is no process of a server with WebSockets. True does not say
  // that anyone was there.
  bool send(std::string_view text) const;
  bool send_binary(std::string_view bytes) const;

 private:
  std::string_view name_;
};

// The room of that name.
inline Room room(std::string_view name) { return Room(name); }

// Sends to all WebSockets of the server, as Room::send does.
bool send_to_all(std::string_view text);
bool send_binary_to_all(std::string_view bytes);

}  // namespace oklo
