#pragma once

#include <string>

#include "bench/echo_reader.h"
#include "codec/websocket_frame.h"

namespace oklo::bench {

// The answer to the handshake, then messages that come back, in as many frames as the server likes.
class WebSocketReader final : public Reader {
 public:
  WebSocketReader(const Messages& messages, size_t first) : messages_(messages), echoes_(messages, first) {}

  Step read(std::span<char> bytes) override;
  void reset() override;
  std::string take_reply() override { return std::exchange(reply_, {}); }

 private:
  Step read_greeting(std::span<char> bytes);
  Step read_frame(std::string_view bytes);
  Step read_control(std::string_view bytes);
  Step read_payload(std::string_view bytes, size_t used);

  const Messages& messages_;
  ExpectedEchoes echoes_;
  bool greeted_ = false;
  bool in_message_ = false;  // a frame has come that was not the last one
  bool in_payload_ = false;
  codec::FrameHeader frame_;
  uint64_t left_ = 0;  // of its payload
  std::string reply_;
};

}  // namespace oklo::bench
