#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "codec/websocket_frame.h"
#include "net/connection.h"
#include "net/query_ids.h"

namespace oklo::ws {

// Puts frames into the queue of a connection; those of a client are masked.
class FrameSender {
 public:
  explicit FrameSender(bool masks) : masks_(masks) {}

  // A short one, as most are, goes into the room of the block in one piece.
  [[gnu::always_inline]] void send(net::Connection& connection, codec::FrameOpcode opcode,
                                   std::string_view payload) {
    if (masks_) return send_masked(connection, opcode, payload);
    size_t copied = payload.size() <= kCopyBytesMax ? payload.size() : 0;
    char* start = connection.room(codec::kFrameHeaderBytesMax + copied).data();
    char* end = codec::write_frame_header(start, opcode, payload.size());
    end = std::copy_n(payload.data(), copied, end);
    connection.advance(static_cast<size_t>(end - start));
    if (!copied) connection.send(payload);
  }
  void send_control(net::Connection& connection, codec::FrameOpcode opcode, std::string_view payload);
  void send_close(net::Connection& connection, uint16_t code, std::string_view text);

 private:
  static constexpr size_t kCopyBytesMax = 4096;  // of a payload into the room that the header has taken

  void send_masked(net::Connection& connection, codec::FrameOpcode opcode, std::string_view payload);

  bool masks_;
  QueryIds numbers_;
};

}  // namespace oklo::ws
