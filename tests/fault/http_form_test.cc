#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "http/form_text.h"
#include "http/http_world.h"
#include "http/routes_of.h"
#include "temp_dir.h"

using namespace oklo;

namespace {

const std::string kContent(60'000, 'c');

// A site whose form answers with what it is, or with the reason why its file can't be saved.
struct Service {
  Service() : world(routes_of(make_site())) {}

  Router& make_site() {
    FormOptions options{.memory_bytes = 100, .directory = dir.path()};
    site.form("/form", [](const Request&, const Form& form, Response& response) {
      response.text(text_of(form));
    }, options);
    site.form("/save", [this](const Request&, const Form& form, Response& response) {
      FormSaved saved = form.file("f")->save(dir / "saved");
      saved ? response.text("saved") : response.text(std::to_string(saved.number));
    }, options);
    site.get("/", [](const Request&, Response& response) { response.text("home"); });
    return site;
  }

  // The answer to a form with one file, sent in two pieces.
  Answer post(const std::string& target, const std::string& content = kContent) {
    std::string body = "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n" + content +
                       "\r\n--b--";
    std::string head = "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; " +
                       "boundary=b\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    Client& client = world.connect();
    size_t half = body.size() / 2;
    client.send(head + body.substr(0, half));
    world.settle();
    client.send(body.substr(half));
    world.until([&client] { return !client.received.empty(); });
    world.settle();
    client.go_away();
    world.settle();
    return client.answer();
  }
  size_t names() const {
    sys::Fd fd;
    REQUIRE(sys::open_to_read(dir.path().c_str(), fd) >= 0);
    return sys::list_directory(fd.get(), 10).value().size();
  }

  TempDir dir;
  Router site;
  HttpWorld world;
};

size_t fd_count() { return sys::open_fds().size(); }

}  // namespace

TEST_CASE("fault/form: a disk without room gets 507, anything else 500; no fd, no name stays") {
  Service service;
  size_t fds = fd_count();
  struct { const char* call; int number, status; } cases[] = {
      {"open", EMFILE, 500}, {"open", ENFILE, 500}, {"open", EACCES, 500}, {"open", ENOSPC, 507},
      {"pwrite", ENOSPC, 507}, {"pwrite", EDQUOT, 507}, {"pwrite", EFBIG, 507}, {"pwrite", EIO, 500}};
  for (const auto& c : cases)
    for (int nth = 1; nth <= (c.call == std::string_view("open") ? 1 : 3); nth++) {
      CAPTURE(c.call);
      CAPTURE(c.number);
      CAPTURE(nth);
      faults::Scope scope;
      faults::fail(c.call, nth, c.number);
      Answer answer = service.post("/form");
      CHECK(faults::all_happened());
      CHECK(answer.status == c.status);
      CHECK(answer.closes());
      faults::clear();
      CHECK(fd_count() == fds);
      CHECK(service.names() == 0);
    }
  CHECK((service.post("/form").body == "f[x|]" + kContent + ";"));
  CHECK(service.world.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").body == "home");
}

TEST_CASE("fault/form: a form whose file stays in memory needs no disk") {
  Service service;
  faults::Scope scope;
  faults::fail_always("open", ENOSPC);
  faults::fail_always("pwrite", ENOSPC);
  CHECK(service.post("/form", std::string(100, 'c')).body == "f[x|]" + std::string(100, 'c') + ";");
}

TEST_CASE("fault/form: what is written in short pieces, and received so, is whole") {
  Service service;
  for (uint64_t seed = 0; seed < 10; seed++) {
    CAPTURE(seed);
    faults::Scope scope;
    faults::shorten(seed);
    CHECK((service.post("/form").body == "f[x|]" + kContent + ";"));
  }
}

TEST_CASE("fault/form: without O_TMPFILE all is the same") {
  Service service;
  size_t fds = fd_count();
  faults::Scope scope;
  faults::fail("open", 1, EOPNOTSUPP);
  CHECK((service.post("/form").body == "f[x|]" + kContent + ";"));
  CHECK(faults::count("unlink") == 1);
  CHECK(fd_count() == fds);
  CHECK(service.names() == 0);
}

TEST_CASE("fault/form: a file that can't be saved is told of, and leaves nothing behind") {
  Service service;
  struct { const char* call; int nth, number; } cases[] = {
      {"sendfile", 1, ENOSPC}, {"sendfile", 1, EDQUOT}, {"open", 2, EMFILE}, {"fchmod", 2, EPERM}};
  for (const auto& c : cases) {
    CAPTURE(c.call);
    faults::Scope scope;
    faults::fail("linkat", 1, EXDEV);
    faults::fail(c.call, c.nth, c.number);
    CHECK(service.post("/save").body == std::to_string(c.number));
    CHECK(faults::all_happened());
    CHECK(service.names() == 0);
  }
  faults::Scope scope;
  faults::fail("pwrite", 1, ENOSPC);
  CHECK(service.post("/save", std::string(100, 'c')).body == std::to_string(ENOSPC));
  CHECK(service.names() == 0);
  CHECK(service.post("/save").body == "saved");
  CHECK(service.names() == 1);
  CHECK(service.post("/save").body == std::to_string(EEXIST));
}
