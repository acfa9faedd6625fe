#pragma once

#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/access_log.h"
#include "http/answer_times.h"
#include "http/http_service.h"
#include "http/late_answers.h"
#include "net/connection_pool.h"
#include "net/line_writer.h"
#include "reactor/reactor.h"

#include "answers.h"

// A client at the other end of a stream. It sends and receives when its world turns, as much as the socket
// takes and has.
class Client {
 public:
  explicit Client(int fd) : socket_(fd) {}

  void send(std::string_view bytes) { to_send_ += bytes; }
  // Says that it will send no more.
  void finish() { shutdown(socket_.get(), SHUT_WR); }
  void go_away() { socket_.reset(); }

  // All that came, without the fields that change from second to second.
  std::string text() const {
    std::string out = received;
    for (size_t at; (at = out.find("Date: ")) != out.npos;) out.erase(at, out.find('\n', at) + 1 - at);
    return out;
  }
  // What came since the last call, which must be one whole answer.
  Answer answer(bool to_head = false) {
    AnswerReader reader(std::string_view(received).substr(std::exchange(read_, received.size())));
    if (reader.at_end()) return {};
    Answer answer = reader.next(to_head);
    CHECK(reader.at_end());
    return answer;
  }
  // The same, all of them.
  std::vector<Answer> answers() {
    std::vector<Answer> all;
    AnswerReader reader(std::string_view(received).substr(std::exchange(read_, received.size())));
    while (!reader.at_end() && (all.empty() || all.back().status != -1)) all.push_back(reader.next());
    return all;
  }

  // How many bytes went through it; whether anything happens shows in that.
  size_t pump() {
    if (!socket_) return 0;
    ssize_t n = to_send_.empty() ? 0 : ::send(socket_.get(), to_send_.data(), to_send_.size(), kFlags);
    if (n > 0) to_send_.erase(0, static_cast<size_t>(n));
    if (n < 0 && errno != EAGAIN) to_send_.clear();
    return (n > 0 ? static_cast<size_t>(n) : 0) + (reads ? receive() : 0);
  }

  std::string received;
  bool ended = false;   // the server has closed, or its side of it
  bool reads = true;    // whether it takes what the server sends

 private:
  static constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

  size_t receive() {
    char room[64 * 1024];
    ssize_t n = recv(socket_.get(), room, sizeof room, kFlags);
    if (n > 0) received.append(room, static_cast<size_t>(n));
    if (n > 0 || (n < 0 && errno == EAGAIN)) return n > 0 ? static_cast<size_t>(n) : 0;
    return std::exchange(ended, true) ? 0 : 1;
  }

  oklo::sys::Fd socket_;
  std::string to_send_;
  size_t read_ = 0;
};

struct WorldOptions {
  oklo::HttpLimits limits = {};
  int log_fd = -1;
  oklo::LogFormat format = oklo::LogFormat::common;
  uint32_t rows = 64;
};

// What serves HTTP in a worker, without the worker: the test makes the connections and turns the Reactor.
class HttpWorld {
 public:
  explicit HttpWorld(oklo::http::RouteTable& routes, const WorldOptions& options = {})
      : limits_(options.limits),
        table_(oklo::ConnectionTable::create(options.rows).value()),
        reactor_(oklo::Reactor::create(4096).value()),
        writer_(*reactor_, options.log_fd, life.log_lines_dropped),
        log_(writer_, options.format),
        times_(*reactor_, life.answer_us),
        service_(routes, limits_, life, options.log_fd >= 0 ? &log_ : nullptr, &times_),
        pool_(*reactor_, table_, life, 0, options.rows),
        endpoint_(pool_.make_endpoint(service_)) {
    signal(SIGPIPE, SIG_IGN);  // As a worker does: sendfile has no MSG_NOSIGNAL.
    endpoint_.kind = oklo::ConnectionKind::http;
    endpoint_.write_stall_ms = limits_.write_stall_ms;
    endpoint_.queue_bytes_max = limits_.queue_bytes;
  }
  ~HttpWorld() {
    pool_.abort_all();
    turn();
    CHECK(pool_.size() == 0);
  }
  HttpWorld(const HttpWorld&) = delete;
  HttpWorld& operator=(const HttpWorld&) = delete;

  void guard_with(oklo::AddressGuard& guard) { service_.guard_with(guard); }

  // A connection from that address; without one, from a unix socket.
  Client& connect(const oklo::sys::Address& peer = {}) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    clients_.push_back(std::make_unique<Client>(ends[0]));
    pool_.open(endpoint_, oklo::sys::Fd(ends[1]), peer, false);
    return *clients_.back();
  }
  // A new client that sends this in one piece, and what followed from it.
  Client& open(std::string_view bytes) {
    Client& client = connect();
    client.send(bytes);
    settle();
    return client;
  }
  // The answer to what a new client sends in one piece, before it goes away again.
  Answer ask(std::string_view bytes, bool to_head = false) {
    Client& client = open(bytes);
    client.go_away();
    settle();
    return client.answer(to_head);
  }

  // One turn that waits for nothing.
  void turn() {
    reactor_->post([] {});
    reactor_->run_once();
  }
  // Turns until nothing happens any more but by time.
  void settle() {
    for (int still = 0; still < 2;) {
      uint64_t before = progress();
      turn();
      still = pump() == 0 && progress() == before ? still + 1 : 0;
    }
  }
  // Turns that wait for events and timers, until it is so. `each` is called before each turn.
  template <class Condition>
  void until(Condition condition, oklo::Function<void()> each = [] {}) {
    uint64_t end_ms = reactor_->clock().now_ms + 20'000;
    while (!condition()) {
      if (reactor_->clock().now_ms > end_ms) FAIL("waited too long");
      each();
      pump();
      if (!tick_.armed()) reactor_->timers().arm(tick_, reactor_->clock().now_ms + 5);
      reactor_->run_once();
      pump();
    }
    reactor_->timers().cancel(tick_);
  }
  void until_ended(const Client& client) {
    until([&client] { return client.ended; });
  }

  // As a worker that leaves.
  void drain(oklo::DrainMode mode) {
    service_.drain();
    pool_.drain(mode);
  }

  void abort_all() {
    pool_.abort_all();
    settle();
  }

  uint64_t closed(oklo::CloseReason reason) const {
    return life.closed[static_cast<size_t>(reason)].value();
  }
  // All clients go away; whether this is the reason for which one of their connections had ended.
  bool ended_with(oklo::CloseReason reason) {
    settle();
    for (auto& client : clients_) client->go_away();
    settle();
    return closed(reason) == 1;
  }
  size_t connections() const { return pool_.size(); }
  oklo::Reactor& reactor() { return *reactor_; }
  const oklo::Endpoint& endpoint() const { return endpoint_; }
  oklo::ConnectionPool& pool() { return pool_; }
  oklo::LineWriter& writer() { return writer_; }

  oklo::LifeRow life = {};

 private:
  struct Tick final : oklo::Timer {
    void on_timer() override {}
  };

  size_t pump() {
    size_t moved = 0;
    for (auto& client : clients_) moved += client->pump();
    return moved;
  }
  // What changes when the service does something.
  uint64_t progress() const {
    uint64_t sum = life.bytes_in.value() + life.bytes_out.value() + life.requests.value() + pool_.size();
    for (const oklo::Counter& counter : life.closed) sum += counter.value();
    return sum;
  }

  oklo::HttpLimits limits_;
  oklo::ConnectionTable table_;
  std::unique_ptr<oklo::Reactor> reactor_;
  Tick tick_;
  oklo::LineWriter writer_;
  oklo::http::AccessLog log_;
  oklo::http::LateAnswers late_answers_;
  oklo::http::AnswerTimes times_;
  oklo::http::HttpService service_;
  oklo::ConnectionPool pool_;
  oklo::Endpoint endpoint_;
  std::vector<std::unique_ptr<Client>> clients_;
};
