#include <oklo/http_call.h>

#include <utility>

#include "base/assert.h"
#include "http/kept_request.h"
#include "http/late_answers.h"
#include "server/co_root.h"

namespace oklo {

namespace co {

// What is told when the answer can't be given any more ends the coroutine, if it has not ended.
void serve(const Request& request, Response& response, const Function<Co<void>(HttpCall)>& function) {
  RequestId id = response.later();
  OKLO_ASSERT(id && "a coroutine can't be on_head of an upload: its answer can't come later");
  auto place = std::make_unique<RootPlace>();
  RootPlace* at = place.get();
  http::LateAnswers* answers = http::LateAnswers::current();
  bool owned = answers && answers->on_gone(id, [place = std::move(place)] { place->end(); });
  Root::start(function(HttpCall(request, id)), owned ? at : nullptr);
}

}  // namespace co

HttpCall::HttpCall(const Request& request, RequestId id)
    : kept_(std::make_unique<http::KeptRequest>(http::Exchange::of(request))), id_(id) {}

HttpCall::HttpCall(HttpCall&& other) noexcept
    : kept_(std::move(other.kept_)), id_(std::exchange(other.id_, {})) {}

// Of an answer that has begun nobody will write the rest: its time is over at once.
HttpCall::~HttpCall() {
  if (!id_) return;
  oklo::answer(id_, [](Response& response) {
    response.fail(500);
    if (!response.finished()) response.later(1);
  });
}

const Request& HttpCall::request() const {
  OKLO_ASSERT(kept_ && "an HttpCall that was moved away has no request");
  return kept_->request();
}

}  // namespace oklo
