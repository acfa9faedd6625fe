#include "models/conversation.h"

#include "base/number.h"
#include "codec/http_request.h"

namespace oklo::models {

namespace {

using codec::ParseOutcome;
using codec::RequestHead;

// A body would stand where the next request is looked for, so none may come with it.
bool is_plain_get(const RequestHead& head) {
  return head.method == codec::Method::get && head.content_length == 0 && !head.chunked;
}

}  // namespace

bool Conversation::has_request() {
  RequestHead head;
  return codec::parse_request_head(in_, {}, head).kind != ParseOutcome::Kind::need_more;
}

void Conversation::answer() {
  size_t used = 0;
  while (!over_) {
    RequestHead head;
    std::span<char> rest = std::span(in_).subspan(used);
    ParseOutcome outcome = codec::parse_request_head(rest, {}, head);
    if (outcome.kind == ParseOutcome::Kind::need_more) break;
    if (outcome.kind == ParseOutcome::Kind::bad || !is_plain_get(head)) {
      say("400 Bad Request", "bad request\n", true);
      break;
    }
    used += head.size;
    say("200 OK", "hello\n", !keep_ || !head.keep_alive);
  }
  in_.erase(0, over_ ? in_.size() : used);
}

void Conversation::say(std::string_view status, std::string_view body, bool last) {
  out_.append("HTTP/1.1 ").append(status).append("\r\nContent-Type: text/plain\r\nX-Worker: ");
  out_.append(decimal(worker_)).append("\r\nContent-Length: ").append(decimal(body.size()));
  out_.append(last ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n").append(body);
  over_ = last;
}

void Conversation::sent(size_t bytes) {
  sent_ += bytes;
  if (sent_ < out_.size()) return;
  out_.clear();
  sent_ = 0;
}

}  // namespace oklo::models
