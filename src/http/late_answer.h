#pragma once

#include <cstdint>

#include "http/reply.h"
#include "http/request_words.h"
#include "net/connection.h"

#include <oklo/function.h>

namespace oklo::http {

// An answer that its handler has promised for later. On the heap from then on until it is complete and the
// next request may be read, or the connection is gone; HttpSession::late points to it.
struct LateAnswer {
  LateAnswer(net::Connection& of, uint32_t own_number) : connection(of), number(own_number) {}
  LateAnswer(const LateAnswer&) = delete;

  net::Connection& connection;
  uint32_t number;           // RequestId::number
  bool in_call = true;       // a handler, or a function of answer, has the Response in its hands
  bool client_keeps = true;  // the client did not ask for the end of the connection
  uint32_t patience_ms = 0;  // from one sign of life to the next; 0: without end
  uint64_t deadline_ms = UINT64_MAX;
  Reply* reply = nullptr;    // that of the handler until it has returned, then `own`
  Reply own;
  KeptWords words;           // for the log
  Function<void()> on_gone;  // of who was to answer
};

}  // namespace oklo::http
