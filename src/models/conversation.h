#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oklo::models {

// HTTP with one client, without its socket: bytes of requests come in, bytes of answers go out. A request
// may come in pieces, and many in one piece. GET without a body is answered; all else is 400 and the end.
class Conversation {
 public:
  // `worker` is what the answers name in X-Worker.
  explicit Conversation(uint64_t worker) : worker_(worker) {}

  // Keeps what came. What a client may have sent without an answer is bounded by the limits of a head, when
  // the caller reads no more before it has sent what it has to send.
  void received(std::string_view bytes) { in_.append(bytes); }

  // Whether answer() would have something to say: a request is whole, or will never be one.
  bool has_request();

  // Answers all requests that are whole, in their order.
  void answer();

  std::string_view unsent() const { return std::string_view(out_).substr(sent_); }
  void sent(size_t bytes);

  // No more is said after what is unsent: the connection is to be closed then.
  bool is_over() const { return over_; }

  // What the answers name from now on.
  void serve_as(uint64_t worker) { worker_ = worker; }

  // The next answer is the last one, and says so.
  void end_soon() { keep_ = false; }
  // Between two requests, with nothing under way.
  bool is_idle() const { return in_.empty() && unsent().empty(); }

 private:
  void say(std::string_view status, std::string_view body, bool last);

  uint64_t worker_;
  std::string in_;   // what came and is not answered
  std::string out_;  // answers
  size_t sent_ = 0;  // of them
  bool keep_ = true;
  bool over_ = false;
};

}  // namespace oklo::models
