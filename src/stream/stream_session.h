#pragma once

#include <cstdint>
#include <string>

#include <oklo/connection.h>

namespace oklo::stream {

// What the handlers keep of one connection, once they have asked for it.
class HandlerState {
 public:
  explicit HandlerState(uint32_t index) : index_(index) {}

  uint32_t slot_index() const { return index_; }
  void* memory() { return memory_; }

 private:
  uint32_t index_;
  alignas(8) unsigned char memory_[kStateBytes] = {};
};

// What a stream connection must remember between two events: plain, so that an idle one holds nothing else.
struct StreamSession {
  HandlerState* state = nullptr;
  std::string* long_message = nullptr;  // what is there of one that is longer than a block
  uint32_t scanned = 0;                 // bytes of the unfinished message that need not be looked at again
  bool paused = false;
  bool held = false;           // from outside: nothing is handed over
  bool send_finished = false;  // the handler ended the sending side
  bool end_told = false;       // the peer's end was told
  bool filled = false;         // the high water mark was passed and that was not told yet
  bool above = false;          // it was told, and not yet that the low one is reached
  bool drained = false;        // all was sent, and on_sent not called yet
  bool listed = false;         // it stands in the list of those that are to be told something
};

}  // namespace oklo::stream
