#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <oklo/function.h>

namespace oklo {

namespace http { class ClientSide; struct ClientCall; }

// How an HttpClient works. Sizes are bytes, times milliseconds.
struct HttpClientOptions {
  uint32_t connect_ms = 5000;       // a connection that is not there by then has failed, its name looked up
  uint32_t head_ms = 30'000;        // from the end of the request to the end of the head of its answer
  uint32_t idle_ms = 30'000;        // no byte of the body came, or none of the request was taken, for so long
  uint32_t body_bytes = 16u << 20;  // of an answer that is given as a whole; one with more has failed
  uint32_t keep = 8;                // idle connections that are kept for each server; 0: none
  uint32_t keep_ms = 15'000;        // how long one is kept
};

// A request of a client. The fields Host, Content-Length, Connection and Transfer-Encoding are written by the
// client; the others are the program's.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  // "http://example.org:8080/path?query"; https is not spoken
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // sent with a length when it is not empty, or the method is POST, PUT or PATCH
  // Gets the body of the answer piece by piece, as it comes, and the answer has none then. A piece is
  // borrowed until this returns.
  Function<void(std::string_view piece)> on_piece = {};
};

// An answer, or why there is none; borrowed while `done` runs.
class HttpReply {
 public:
  // False: there is no answer, or not all of it, and error says why.
  bool ok() const;
  // A sentence, empty where all went well.
  std::string_view error() const;

  unsigned status() const;          // 200 and so on; 0 where no head has come
  std::string_view reason() const;  // the words behind it
  // The value of the first field with that name, in letters of any case; empty where there is none.
  std::string_view header(std::string_view name) const;
  void headers(const Function<void(std::string_view name, std::string_view value)>& visit) const;
  std::string_view body() const;

 private:
  friend class http::ClientSide;
  explicit HttpReply(const http::ClientCall& call) : call_(call) {}
  HttpReply(const HttpReply&) = delete;
  const http::ClientCall& call_;
};

// Asks HTTP/1.1 servers, in a worker, a task worker or a process of Server::process, without waiting. Names
// are looked up, and their addresses tried, as StreamClient::connect does. Connections are kept and used
// again, one request at a time on each (no pipelining), chunked answers are read and their trailers dropped,
// redirections are given as they are. A request that met the end of a kept connection before a byte of its
// answer had come is made once more on a new one, if its method is idempotent (RFC 9112 section 9.3.1).
//
// Each request that is under way has a connection of its own: how many there are at once is for the program
// to limit.
//
// Like a StreamClient it must live as long as its requests: make it before Server::run, or once in
// Server::on_worker_start. Its connections count among those of the worker and keep none from leaving: what
// is under way when the last connection of the worker's listeners is gone fails.
class HttpClient {
 public:
  using Done = Function<void(const HttpReply& reply)>;

  explicit HttpClient(HttpClientOptions options = {});
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  // Asks, and calls `done` once, not before this returns. The number is for cancel, and never 0. Where no
  // server runs, and in the master, to call this is a bug and ends the process.
  uint64_t get(std::string_view url, Done done);
  uint64_t send(HttpRequest request, Done done);

  // Neither `done` nor on_piece is called any more; false when it is over already.
  bool cancel(uint64_t number);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
