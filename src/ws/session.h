#pragma once

#include <cstdint>
#include <string>

#include "base/utf8.h"
#include "codec/websocket_frame.h"

#include <oklo/close_reason.h>

namespace oklo::ws {

struct Membership;

// A message of which some has come and some has not.
struct PartialMessage {
  std::string bytes;
  uint64_t left = 0;    // of the current frame
  uint64_t offset = 0;  // in it
  codec::FrameMask mask = {};
  codec::FrameOpcode opcode = codec::FrameOpcode::text;
  bool fin = false;     // the current frame is the last one
  Utf8Validator utf8;
};

// What a WebSocket must remember between two events: plain, so that an idle one holds nothing else.
struct Session {
  enum class Phase : uint8_t {
    open,
    closing,  // our close frame is on its way, the client's is awaited
    closed,   // no frame is sent or read any more
  };

  PartialMessage* partial = nullptr;
  unsigned char* state = nullptr;     // WebSocket::state, when it was asked for
  Membership* memberships = nullptr;  // the rooms it is in
  uint32_t active_ms = 0;             // when the last message came, as of the low bits of the clock
  uint16_t code = 0;                  // for an on_close that is still to come; 0: the connection was lost
  CloseReason reason = CloseReason::finished;  // of the closing
  Phase phase : 2 = Phase::open;
  bool pinged : 1 = false;            // and nothing came since
  bool stalled : 1 = false;           // more input waits until the queue is sent
  bool held : 1 = false;              // from outside: the same, until let_go
  bool told : 1 = false;              // on_close was called
};

}  // namespace oklo::ws
