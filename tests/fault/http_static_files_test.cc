#include <doctest/doctest.h>

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "faulty_kernel.h"
#include "http/file_tree.h"
#include "http/http_world.h"
#include "http/routes_of.h"
#include "sys/file.h"

using namespace oklo;

namespace {

constexpr size_t kLarge = 300'000;

const std::string& large() {
  static const std::string text = [] {
    std::string numbers;
    for (int i = 0; numbers.size() < kLarge; i++) numbers += std::to_string(i) + "\n";
    return numbers.substr(0, kLarge);
  }();
  return text;
}

// A directory that is served, with nothing in the cache.
struct Service {
  explicit Service(const FileTree& tree) {
    site.files("/", tree.root(), {.listing = true});
    REQUIRE(open_files(site));
    world = std::make_unique<HttpWorld>(routes_of(site));
  }
  Router site;
  std::unique_ptr<HttpWorld> world;
};

struct Tree : FileTree {
  Tree() {
    file("root/small.txt", "small");
    file("root/small.txt.gz", "gzipped");
    file("root/large.bin", large());
    directory("root/sub");
    file("root/sub/index.html", "index");
    directory("root/list");
    file("root/list/one", "1");
    link("root/list/two", "one");
  }
};

struct Wanted {
  const char* target;
  const char* fields;
};

constexpr Wanted kWanted[] = {
    {"/small.txt", ""},
    {"/small.txt", "Accept-Encoding: gzip\r\n"},
    {"/small.txt", "Range: bytes=1-2\r\n"},
    {"/large.bin", ""},
    {"/large.bin", "Range: bytes=-70000\r\n"},
    {"/large.bin", "Range: bytes=0-9,250000-250009\r\n"},
    {"/sub/", ""},
    {"/sub", ""},
    {"/list/", ""},
    {"/nothing", ""},
};

std::string request(const Wanted& wanted) {
  return "GET " + std::string(wanted.target) + " HTTP/1.1\r\nHost: a\r\n" + wanted.fields + "\r\n";
}

// A body without what is made anew for each answer: the boundary between ranges.
std::string body_of(const Answer& answer) {
  const std::string mark = "boundary=";
  std::string type = answer.field("content-type");
  size_t at = type.find(mark);
  if (at == type.npos) return answer.body;
  std::string boundary = type.substr(at + mark.size()), body = answer.body;
  for (size_t found; (found = body.find(boundary)) != body.npos;) body.erase(found, boundary.size());
  return body;
}

// The status that stands for an error of opening.
int status_of(int number) {
  switch (number) {
    case EMFILE: case ENFILE: case ENOMEM: return 503;
    case EACCES: return 403;
    case EIO: return 500;
    default: return 404;
  }
}

size_t fd_count() { return sys::open_fds().size(); }

}  // namespace

TEST_CASE("fault/static_files: a file that cannot be opened, for good, has the status of its error") {
  Tree tree;
  for (int number : {EMFILE, ENFILE, ENOMEM, EACCES, EIO, ENOENT, ELOOP}) {
    CAPTURE(number);
    Service service(tree);
    faults::Scope scope;
    for (const Wanted& wanted : kWanted) {
      if (std::string(wanted.target) == "/nothing") continue;
      faults::fail_always("openat2", number);
      faults::fail_always("openat", number);
      CHECK(service.world->ask(request(wanted)).status == status_of(number));
      faults::clear();
      CHECK(service.world->ask(request(wanted)).status < 400);
    }
  }
}

TEST_CASE("fault/static_files: whichever call fails, the answer is right or says so, and no fd is lost") {
  Tree tree;
  const char* calls[] = {"openat2", "openat", "readlinkat", "fstat", "fstatat", "pread", "getdents64"};
  for (const Wanted& wanted : kWanted) {
    CAPTURE(std::string(wanted.target));
    bool is_listing = std::string(wanted.target) == "/list/";  // It leaves out what cannot be looked at.
    Answer right = Service(tree).world->ask(request(wanted));
    for (const char* call : calls)
      for (int number : {EMFILE, ENOMEM, EACCES, EIO, ENOENT})
        for (int k = 1;; k++) {
          CAPTURE(std::string(call));
          CAPTURE(number);
          CAPTURE(k);
          Service service(tree);
          size_t fds = fd_count();
          faults::Scope scope;
          faults::fail(call, k, number);
          Answer answer = service.world->ask(request(wanted));
          bool happened = faults::all_happened();
          faults::clear();
          bool same = answer.status == right.status && answer.field("etag") == right.field("etag");
          if (same && !is_listing) CHECK(body_of(answer) == body_of(right));
          bool lacks_coding = answer.status == right.status && answer.field("content-encoding") == "(none)";
          CHECK((same || lacks_coding || answer.status == status_of(number) || answer.status == 500));
          CHECK(!answer.closes());
          CHECK(service.world->ask(request(wanted)).status == right.status);
          CHECK(fd_count() == fds);
          if (!happened) break;
        }
  }
}

TEST_CASE("fault/static_files: a small file whose bytes cannot be read, for good, is 503") {
  Tree tree;
  for (int number : {EIO, ENOMEM}) {
    Service service(tree);
    faults::Scope scope;
    faults::fail_always("pread", number);
    CHECK(service.world->ask(request({"/small.txt", ""})).status == 503);
    CHECK(service.world->ask("HEAD /large.bin HTTP/1.1\r\nHost: a\r\n\r\n", true).status == 200);
    faults::clear();
    CHECK(service.world->ask(request({"/small.txt", ""})).body == "small");
  }
}

TEST_CASE("fault/static_files: short reads and writes, EINTR and EAGAIN change no answer") {
  Tree tree;
  std::string requests;
  for (const Wanted& wanted : kWanted)
    if (!std::string(wanted.fields).starts_with("Range: bytes=0-9,")) requests += request(wanted);
  std::string right;
  {
    Service service(tree);
    Client& client = service.world->connect();
    client.send(requests);
    service.world->settle();
    right = client.text();
  }
  size_t fds = fd_count();
  for (uint64_t seed = 0; seed < 20; seed++) {
    CAPTURE(seed);
    Service service(tree);
    faults::Scope scope;
    faults::shorten(seed);
    Client* clients[] = {&service.world->connect(), &service.world->connect()};
    for (Client* client : clients) client->send(requests);
    service.world->until([&] {
      return clients[0]->text().size() >= right.size() && clients[1]->text().size() >= right.size();
    });
    faults::clear();
    for (Client* client : clients) CHECK(client->text() == right);
  }
  CHECK(fd_count() == fds);
}

TEST_CASE("fault/static_files: a file that cannot be sent ends its connection, and no other one") {
  Tree tree;
  for (int number : {EIO, ENOMEM, EPIPE, EINVAL})
    for (int k = 1; k <= 2; k++) {
      CAPTURE(number);
      CAPTURE(k);
      Service service(tree);
      size_t fds = fd_count();
      faults::Scope scope;
      Client& other = service.world->connect();
      Client& client = service.world->connect();
      faults::fail("sendfile", k, number);
      client.send(request({"/large.bin", ""}));
      service.world->settle();
      CHECK(faults::all_happened());
      CHECK(client.ended);
      CHECK(client.received.size() < kLarge);
      CHECK(service.world->connections() == 1);
      faults::clear();
      other.send(request({"/large.bin", ""}));
      service.world->settle();
      CHECK(other.answer().body == large());
      for (Client* each : {&other, &client}) each->go_away();
      service.world->settle();
      CHECK(fd_count() == fds);
    }
}

TEST_CASE("fault/static_files: a file that shrinks while it is sent ends its connection") {
  Tree tree;
  Service service(tree);
  tree.file("root/shrinks", std::string(4'000'000, 's'));
  size_t fds = fd_count();
  Client& client = service.world->connect();
  client.reads = false;
  client.send(request({"/shrinks", ""}));
  service.world->settle();
  REQUIRE(truncate((tree / "root/shrinks").c_str(), 10) == 0);
  client.reads = true;
  service.world->until_ended(client);
  CHECK(client.received.size() < 4'000'000);
  CHECK(service.world->closed(CloseReason::file_shrank) == 1);
  CHECK(service.world->ask(request({"/shrinks", ""})).body == std::string(10, 's'));
  client.go_away();
  service.world->settle();
  CHECK(fd_count() == fds);
}

TEST_CASE("fault/static_files: a client that goes away while a file is sent leaves no fd behind") {
  Tree tree;
  Service service(tree);
  size_t fds = fd_count();
  for (const Wanted& wanted : kWanted) {
    Client& client = service.world->connect();
    client.reads = false;
    client.send(request(wanted) + request({"/large.bin", "Range: bytes=0-9,1000-200000\r\n"}));
    service.world->settle();
    client.go_away();
    service.world->settle();
    CHECK(service.world->connections() == 0);
    CHECK(fd_count() == fds);
  }
}
