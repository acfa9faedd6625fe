#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "net/shared_bytes.h"
#include "shm/scoreboard.h"
#include "sys/fd.h"

namespace oklo {

// What a session writes to: the queue of a connection that this process owns, or a message to the process
// that does. All of it is sent in the order of the calls; nothing is sent before the turn ends.
class Outlet {
 public:
  // room can be asked for up to this many bytes.
  static constexpr size_t kRoomMax = 16 * 1024;

  // A place for at least `bytes` bytes; advance says how many of them were written there.
  virtual std::span<char> room(size_t bytes) = 0;
  virtual void advance(size_t bytes) = 0;

  // Copies the bytes. False when the connection is gone or its queue is full.
  virtual bool send(std::string_view bytes) = 0;
  // Sends `view`, a part of `bytes`, without copying it.
  virtual void send_shared(const BytesRef& bytes, std::string_view view) = 0;
  // Sends `size` bytes of a file from `offset`. A file that turns out to be shorter ends the connection.
  virtual void send_file(sys::Fd file, uint64_t offset, uint64_t size) = 0;

  // How many bytes wait in memory to be sent.
  virtual size_t queued() const = 0;

 protected:
  ~Outlet() = default;
};

}  // namespace oklo
