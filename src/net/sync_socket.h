#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sys/address.h"
#include "sys/fd.h"

namespace oklo {

// A socket whose calls wait, each until a time of the monotonic clock in milliseconds. They answer a negative
// errno number when they fail, -ETIMEDOUT when the time is over.
class SyncSocket {
 public:
  [[nodiscard]] long connect(const sys::Address& to, uint64_t until_ms);
  [[nodiscard]] long connect_packets(const sys::Address& to);
  // All of them.
  [[nodiscard]] long send(std::string_view bytes, uint64_t until_ms);
  // Of a stream, 0: it has ended.
  [[nodiscard]] long receive(char* out, size_t size, uint64_t until_ms);
  void shutdown_send();
  void close() { socket_.reset(); }
  bool open() const { return socket_.get() >= 0; }

 private:
  static constexpr uint32_t kRetryMs = 10;  // while the queue of a unix socket is full

  sys::Fd socket_;
};

}  // namespace oklo
