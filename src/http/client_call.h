#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "codec/chunked.h"
#include "codec/http_reply.h"

#include <oklo/connection_id.h>
#include <oklo/http_client.h>

namespace oklo::http {

// One request of a client, from when it was asked until its answer is told.
struct ClientCall {
  // What is read next.
  enum class Step : uint8_t { head, length, chunked, until_close };

  ClientCall(uint32_t index, uint32_t sequence, HttpClient::Done when_done)
      : number(uint64_t{sequence} << 32 | index), done(std::move(when_done)) {}
  uint32_t slot_index() const { return static_cast<uint32_t>(number); }

  uint64_t number;
  HttpClient::Done done;
  Function<void(std::string_view)> on_piece;
  std::string server;  // "127.0.0.1:80"
  std::string request;
  bool head_only = false;   // HEAD: the answer has no body
  bool idempotent = false;  // it may be made twice
  bool retried = false;
  bool began = false;       // a byte of the answer has come
  bool cancelled = false;
  ConnectionId connection;  // where it is under way, or that which is being made for it

  Step step = Step::head;
  uint64_t left = 0;  // with Step::length
  codec::ChunkedDecoder chunks;

  std::string error;
  std::string head_bytes;  // what `head` points into
  codec::ReplyHead head;   // status 0: it has not come
  std::string body;
};

}  // namespace oklo::http
