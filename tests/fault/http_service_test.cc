#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "faulty_kernel.h"
#include "http/http_world.h"
#include "http/routes_of.h"
#include "sys/file.h"

using namespace oklo;

namespace {

// A world that counts what its uploads are told.
struct Service {
  explicit Service(const WorldOptions& options = {}) : world(routes_of(make_site()), options) {}

  Router& make_site() {
    site.get("/", [](const Request&, Response& response) { response.text("home"); });
    site.get("/large", [](const Request&, Response& response) { response.send(std::string(600'000, 'l')); });
    site.get("/pieces", [](const Request&, Response& response) {
      for (int i = 0; i < 50; i++) response.write(std::string(3000, 'p'));
      response.end();
    });
    site.post("/echo", [](const Request& request, Response& response) { response.text(request.body()); });
    UploadHandlers upload;
    upload.on_head = [this](const Request&, Response&) { heads++; };
    upload.on_end = [this](const Request&, Response& response) {
      ends++;
      response.text("up");
    };
    upload.on_abort = [this](const Request&) { aborts++; };
    site.upload("/upload", std::move(upload));
    return site;
  }

  Router site;
  int heads = 0, ends = 0, aborts = 0;
  HttpWorld world;
};

const std::string kHost = " HTTP/1.1\r\nHost: a\r\n";
const std::string kHome = "GET /" + kHost + "\r\n";

// What one client sends, in turns of its own each.
const std::vector<std::string> kPieces = {
    kHome + kHome,
    "POST /echo" + kHost + "Content-Length: 10\r\n\r\nhello",
    "world",
    "GET /large" + kHost + "\r\nGET /pieces" + kHost + "\r\n",
    "PUT /upload" + kHost + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "lo\r\n0\r\n\r\n" + kHome,
    "GET /" + kHost + "Connection: close\r\n\r\n",
};

void converse(HttpWorld& world, Client& client) {
  for (const std::string& piece : kPieces) {
    client.send(piece);
    world.settle();
  }
}

// What the client has got when nothing fails.
std::string right_answers() {
  Service service;
  Client& client = service.world.connect();
  converse(service.world, client);
  CHECK(client.ended);
  CHECK(client.answers().size() == 8);
  return client.text();
}

size_t fd_count() { return sys::open_fds().size(); }

}  // namespace

TEST_CASE("fault/http_service: whichever call fails, what the client gets is right, and may end early") {
  std::string right = right_answers();
  struct { const char* call; std::vector<int> numbers; } cases[] = {
      {"recv", {ECONNRESET, ETIMEDOUT, ENOMEM, EAGAIN}}, {"send", {EPIPE, ECONNRESET, ENOMEM, EAGAIN}},
      {"sendmsg", {EPIPE, ECONNRESET, ENOMEM, EAGAIN}},  {"epoll_ctl", {ENOMEM, ENOSPC}},
      {"shutdown", {ENOTCONN}},
  };
  for (const auto& c : cases)
    for (int number : c.numbers)
      for (int k = 1;; k++) {
        CAPTURE(std::string(c.call));
        CAPTURE(number);
        CAPTURE(k);
        size_t fds = fd_count();
        {
          Service service;
          Client& other = service.world.connect();
          service.world.settle();
          Client& client = service.world.connect();
          faults::Scope scope;
          faults::fail(c.call, k, number);
          converse(service.world, client);
          bool happened = faults::all_happened();
          faults::clear();
          service.world.settle();
          CHECK((client.ended || number == ENOTCONN));
          CHECK(right.starts_with(client.text()));
          if (!happened || number == EAGAIN) CHECK(client.text() == right);
          client.go_away();
          service.world.settle();
          CHECK(service.world.connections() == 1);
          CHECK(service.heads == service.ends + service.aborts);
          other.send(kHome);
          service.world.settle();
          CHECK(other.answer().body == "home");
          if (!happened) break;
        }
        CHECK(fd_count() == fds);
      }
}

TEST_CASE("fault/http_service: short reads and writes, EINTR and EAGAIN change no answer") {
  std::string right = right_answers();
  std::string all;
  for (const std::string& piece : kPieces) all += piece;
  for (uint64_t seed = 0; seed < 30; seed++) {
    CAPTURE(seed);
    Service service;
    faults::Scope scope;
    faults::shorten(seed);
    Client* clients[] = {&service.world.connect(), &service.world.connect(), &service.world.connect()};
    for (Client* client : clients) client->send(all);
    for (Client* client : clients) service.world.until_ended(*client);
    faults::clear();
    for (Client* client : clients) CHECK(client->text() == right);
    CHECK(service.heads == 3);
    CHECK(service.ends == 3);
    CHECK(service.aborts == 0);
  }
}

TEST_CASE("fault/http_service: a connection that cannot be watched is closed, for want of memory") {
  Service service;
  faults::Scope scope;
  size_t fds = fd_count();
  for (int number : {ENOMEM, ENOSPC}) {
    faults::fail("epoll_ctl", 1, number);
    Client& client = service.world.connect();
    service.world.settle();
    CHECK(client.ended);
    client.go_away();
  }
  CHECK(service.world.closed(CloseReason::no_memory) == 2);
  CHECK(fd_count() == fds);
  CHECK(service.world.ask(kHome).body == "home");
}

TEST_CASE("fault/http_service: a connection for which there is no row is closed, and the others go on") {
  Service service({.rows = 64});
  size_t fds = fd_count();
  std::vector<Client*> clients;
  for (int i = 0; i < 66; i++) clients.push_back(&service.world.connect());
  service.world.settle();
  CHECK(service.world.closed(CloseReason::no_memory) == 2);
  CHECK(clients[64]->ended);
  CHECK(clients[65]->ended);
  for (size_t i = 0; i < 64; i++) clients[i]->send(kHome);
  service.world.settle();
  for (size_t i = 0; i < 64; i++) CHECK(clients[i]->answer().body == "home");
  for (Client* client : clients) client->go_away();
  service.world.settle();
  CHECK(fd_count() == fds);
  CHECK(service.world.ask(kHome).body == "home");
}

TEST_CASE("fault/http_service: a log that cannot be written holds up no answer, and is written later") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  sys::Fd in(ends[0]), out(ends[1]);
  Service service({.log_fd = out.get()});
  faults::Scope scope;
  for (int number : {ENOSPC, EIO, EAGAIN, EPIPE}) {
    CAPTURE(number);
    faults::fail_always("write", number);
    for (int i = 0; i < 20; i++) CHECK(service.world.ask(kHome).status == 200);
    service.world.writer().flush();
    char room[4096];
    CHECK(read(in.get(), room, sizeof room) < 0);
    faults::clear();
    service.world.writer().flush();
    ssize_t size = read(in.get(), room, sizeof room);
    REQUIRE(size > 0);
    CHECK(std::count(room, room + size, '\n') == 20);
  }
  CHECK(service.world.life.log_lines_dropped.value() == 0);
}
