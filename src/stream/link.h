#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "shm/connection_table.h"
#include "sys/fd.h"

#include <oklo/connection.h>

namespace oklo::stream {

// What stands behind a Connection in the hands of a handler: the stream itself where this process owns it, or
// what sends messages to the process that does.
class Link {
 public:
  // What a handler gets; it lives no longer than this.
  Connection handle() { return Connection(*this); }

  virtual ConnectionId id() const = 0;
  virtual bool send(std::string_view bytes) = 0;
  // Whether more than high_water waits to be sent: on_buffer_drain will tell when it does not any more.
  virtual bool filled() const = 0;
  virtual bool send_file(sys::Fd file, uint64_t offset, uint64_t size) = 0;
  virtual void close(CloseReason reason) = 0;
  virtual void abort() = 0;
  virtual void shutdown_send() = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual void bind(uint64_t user) = 0;
  virtual ConnectionInfo info() const = 0;
  // kStateBytes bytes.
  virtual void* state() = 0;

 protected:
  ~Link() = default;
  // What the row tells.
  static ConnectionInfo info_of(const ConnectionRow& row, const Clock& clock);
};

}  // namespace oklo::stream
