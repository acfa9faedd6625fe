#pragma once

#include <cstdint>
#include <memory>

#include "codec/chunked.h"
#include "codec/http_request.h"
#include "net/connection.h"
#include "reactor/reactor.h"
#include "sys/fd.h"

namespace oklo::gate {

// The body of one request on its way from the connection to the worker that answers it: a stream of its own,
// so that it also reaches a worker that reads its wires no more. It takes as much as the worker does, and
// knows where the body ends.
class HttpLane final : private EventHandler {
 public:
  // The head is that of the request.
  HttpLane(net::Connection& connection, const codec::RequestHead& head);
  ~HttpLane();

  // The worker's end.
  void open(sys::Fd stream);
  // There is input. What belongs to the body is sent and consumed.
  void carry();
  // The client sends no more.
  void end_of_input();
  // Nothing more is sent: all of the body was, or nobody takes it.
  bool over() const { return over_; }
  bool all_sent() const { return all_found_ && found_ == 0; }

 private:
  void on_event(uint32_t events) override;
  size_t body_in(std::span<char> input);
  void watch(bool wanted);
  void pause_if_full();
  void finish();

  net::Connection& connection_;
  bool chunked_;
  uint64_t left_;                 // of a body with a length, that was not found in the input yet
  codec::ChunkedDecoder decoder_;
  bool all_found_ = false;
  size_t found_ = 0;              // bytes at the front of the input that belong to the body
  sys::Fd stream_;
  bool watched_ = false;
  bool ended_ = false;
  bool over_ = false;
};

}  // namespace oklo::gate
