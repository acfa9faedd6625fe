#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <oklo/form.h>
#include <oklo/function.h>
#include <oklo/http_call.h>
#include <oklo/request.h>
#include <oklo/response.h>
#include <oklo/websocket.h>

namespace oklo {

namespace http { class RouteTable; }

// Answers one request: a function of (const Request&, Response&), or one of (HttpCall) that is a coroutine.
// It is called in a worker, in its Reactor's turn: what takes long, and does not wait by co_await, holds up
// all connections of that worker.
class Handler : public Function<void(const Request&, Response&)> {
  using Base = Function<void(const Request&, Response&)>;

 public:
  Handler() = default;
  Handler(std::nullptr_t) {}
  template <class F>
    requires(std::is_invocable_v<F&, const Request&, Response&> && !std::is_same_v<F, Handler>)
  Handler(F callable) : Base(std::move(callable)) {
    static_assert(result_may_be_lost<std::invoke_result_t<F&, const Request&, Response&>>,
                  "a handler that is a coroutine takes an oklo::HttpCall, which lives as long as it");
  }
  template <class F>
    requires std::is_invocable_r_v<Co<void>, F&, HttpCall>
  Handler(F callable)
      : Base([held = std::move(callable)](const Request& request, Response& response) mutable {
          co::serve(request, response, [&held](HttpCall call) { return held(std::move(call)); });
        }) {}
};

// Called with the next piece of a body: a function of (const Request&, std::string_view) or of these and a
// Response&. To answer refuses the rest: the connection closes after the answer, and on_abort follows.
class PieceHandler : public Function<void(const Request&, std::string_view, Response&)> {
  using Base = Function<void(const Request&, std::string_view, Response&)>;

 public:
  PieceHandler() = default;
  PieceHandler(std::nullptr_t) {}
  template <class F>
    requires std::is_invocable_v<F&, const Request&, std::string_view, Response&>
  PieceHandler(F callable) : Base(std::move(callable)) {}
  template <class F>
    requires(std::is_invocable_v<F&, const Request&, std::string_view> && !std::is_same_v<F, PieceHandler>)
  PieceHandler(F callable)
      : Base([held = std::move(callable)](const Request& request, std::string_view piece,
                                          Response&) mutable { held(request, piece); }) {}
};

// Takes a body in pieces, so that it never stands in memory whole. Request::state holds what belongs to
// one upload.
struct UploadHandlers {
  // The head is there, no byte of the body yet. To answer here refuses the body: the connection closes
  // after the answer. May be empty.
  Handler on_head = {};
  // The next piece of the body.
  PieceHandler on_piece = {};
  // The body is complete: answer.
  Handler on_end = {};
  // The client went away or was too slow before the end, or on_piece has answered: clean up. May be empty.
  Function<void(const Request&)> on_abort = {};
};

// How a directory is served.
struct FilesOptions {
  std::string index = "index.html";  // of a directory; empty: none
  bool listing = false;              // a page that lists a directory without an index
  // Further fields of every answer, as {"Cache-Control", "no-cache"}; none that says what the file is.
  std::vector<std::pair<std::string, std::string>> fields = {};
  friend bool operator==(const FilesOptions&, const FilesOptions&) = default;
};

// Who is answered by a route that tells of the service itself; everybody else gets 403.
struct WatchOptions {
  // Whoever can reach the address. Without it those on this host alone: over a loopback address or a unix
  // socket. Who comes through a proxy on this host is one of these, unless the proxy refuses.
  bool everybody = false;
};

// What answers which path. A pattern is a path whose parts may be ":name" (one part) or, as the last,
// "*name" (all the rest, perhaps empty). The most literal pattern wins, in whatever order they were
// added. A path with handlers for other methods gets 405 with Allow, a path without any 404; HEAD is
// answered by the handler for GET, OPTIONS by the Router.
class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  Router& get(std::string_view pattern, Handler handler);
  Router& post(std::string_view pattern, Handler handler);
  Router& put(std::string_view pattern, Handler handler);
  Router& patch(std::string_view pattern, Handler handler);
  Router& del(std::string_view pattern, Handler handler);
  // Every method but TRACE and CONNECT, which are always refused.
  Router& any(std::string_view pattern, Handler handler);
  // POST and PUT with a body that is taken in pieces.
  Router& upload(std::string_view pattern, UploadHandlers handlers);
  // POST and PUT of a form: multipart/form-data, with files, or application/x-www-form-urlencoded; any other
  // Content-Type gets 415, a malformed body 400, one over a limit 413, and one for whose files there is no
  // room on the disk 507. Files that are larger than FormOptions::memory_bytes are written to the disk as
  // they come, by the worker itself: all its connections wait while the kernel takes a piece, which is short
  // unless the disk can't keep up. Memory and files are released when the handler has returned, or the client
  // has gone away.
  Router& form(std::string_view pattern, FormHandler handler, FormOptions options = {});
  // The files of a directory at a prefix, "/" or "/downloads". The directory is opened when the server
  // starts and at each reload, with the rights of the master; a missing one is an error there.
  Router& files(std::string_view prefix, std::string directory, FilesOptions options = {});
  // WebSockets. A request that does not ask for one is answered by the handler for GET, if there is one, else
  // with 426.
  Router& websocket(std::string_view pattern, WebSocketHandlers handlers, WebSocketOptions options = {});
  // Who may ask for what stands at the pattern, with any method: rules as those of Entrance::access. Others
  // get 403, before a handler is called. The pattern is one that has a route, or the prefix of files, all of
  // which are meant then. The rules of another pattern, also one below it, are its own.
  Router& access(std::string_view pattern, const std::vector<std::string>& rules);
  // The state of the service as JSON, as `oklo status --json` prints it.
  Router& status(std::string_view pattern, WatchOptions options = {});
  // The same for Prometheus, in text format 0.0.4, as `oklo metrics` prints it.
  Router& metrics(std::string_view pattern, WatchOptions options = {});
  // The open connections as JSON, as `oklo connections --json` prints them: at most 10000. The query of the
  // request may have what that command takes, as "sort=queue&limit=20&kind=http"; 400 for any other.
  Router& connections(std::string_view pattern, WatchOptions options = {});
  // 200 as long as a worker answers requests: for who starts anew what hangs.
  Router& healthz(std::string_view pattern, WatchOptions options = {});
  // 200 when the service is up and in time, as `oklo health` sees it; 503 while it stops, and without a
  // worker that is ready: for who spreads requests over several.
  Router& readyz(std::string_view pattern, WatchOptions options = {});

 private:
  friend class Server;
  Router& add(unsigned methods, std::string_view pattern, Handler handler);
  Router& watch(std::string_view pattern, WatchOptions options, Handler handler);
  std::unique_ptr<http::RouteTable> table_;
};

}  // namespace oklo
