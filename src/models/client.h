#pragma once

#include <cstdint>

#include "models/conversation.h"

namespace oklo::models {

// Talks with a client over a blocking socket, from its first request to its end. It waits as long as the
// client likes: in read for a request, in write for room for an answer.
void converse(int fd, uint64_t worker);

// How to go on with a client on a non-blocking socket.
enum class Next {
  more,     // at once, or when it can be read from
  reading,  // when it can be read from: now it has nothing
  writing,  // when it can be written to: now there is no room
  nothing,  // not at all: its socket is to be closed
};

// Reads once, without waiting, and keeps what came.
[[nodiscard]] Next read_some(int fd, Conversation& talk);

// Sends what is unsent, as far as there is room; `more` when that is all.
[[nodiscard]] Next send_some(int fd, Conversation& talk);

// Goes on with a client: sends what is unsent or, when there is nothing, reads once and answers. It reads no
// more before all is sent, so that a client who only asks and never reads costs no memory; and only once, so
// that one who asks without a pause leaves the others their turn.
[[nodiscard]] Next go_on(int fd, Conversation& talk);

}  // namespace oklo::models
