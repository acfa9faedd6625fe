#pragma once

#include <memory>

#include <oklo/co.h>
#include <oklo/function.h>
#include <oklo/request.h>
#include <oklo/request_id.h>
#include <oklo/response.h>

namespace oklo {

class HttpCall;
namespace http { class KeptRequest; }

namespace co {
// Serves a request by the coroutine that the function gives.
void serve(const Request& request, Response& response, const Function<Co<void>(HttpCall)>& function);
}

// A request in the hands of a coroutine, which answers it when it can:
//
//   site.get("/thumb/:name", [](oklo::HttpCall call) -> oklo::Co<void> {
//     auto thumb = co_await oklo::taskwait("thumb", call.request().param("name"), 5000);
//     call.answer([&](oklo::Response& response) { response.send(thumb.bytes); });
//   });
//
// Any Handler may be such a function, but on_head of an upload. It owns a copy of the request, and its answer
// is promised as by Response::later: the requests behind it wait, and after 30 s it is 503. To take longer,
// call later with another time from `answer`. It can be moved, and when it dies before an answer has begun,
// that is 500; one that has begun is cut off.
//
// While the answer is not complete, the request owns the coroutine that began with it: when the client has
// gone away, or the time is over, that is ended where it waits, as that of a Stream. When the answer is
// complete it goes on, on its own. A worker that leaves waits for the answer.
class HttpCall {
 public:
  HttpCall(HttpCall&&) noexcept;
  HttpCall& operator=(HttpCall&&) = delete;
  ~HttpCall();

  // All of it, as long as this lives.
  const Request& request() const;
  // For oklo::answer, from elsewhere.
  RequestId id() const { return id_; }
  // Calls `function` at once with the Response, as oklo::answer does: to answer, or to write a part. False,
  // and nothing is called, when it is answered, or the client is gone.
  bool answer(const Function<void(Response&)>& function) { return oklo::answer(id_, function); }

 private:
  friend void co::serve(const Request&, Response&, const Function<Co<void>(HttpCall)>&);
  HttpCall(const Request& request, RequestId id);
  std::unique_ptr<http::KeptRequest> kept_;
  RequestId id_;
};

}  // namespace oklo
