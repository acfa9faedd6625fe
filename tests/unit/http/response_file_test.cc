#include <oklo/response.h>

#include <doctest/doctest.h>

#include <fcntl.h>

#include <string>

#include "http_world.h"
#include "routes_of.h"
#include "sys/fd.h"
#include "temp_dir.h"

using namespace oklo;

namespace {

// Answers with files of its directory.
struct Files {
  Files() {
    std::string content;
    for (int i = 0; content.size() < 300'000; i++) content += std::to_string(i) + " ";
    temp.file("page.html", "0123456789");
    temp.file("large", large = content);
    temp.file("empty.css", "");
    temp.directory("folder.txt");
  }

  // What a client gets from that handler, and from the next request on the same connection.
  Answer answer_of(Handler handler, const std::string& method = "GET") {
    Router site;
    site.any("/", std::move(handler));
    site.get("/next", [](const Request&, Response& response) { response.send("next"); });
    HttpWorld world(routes_of(site));
    Client& client = world.connect();
    client.send(method + " / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    world.settle();
    AnswerReader reader(client.received);
    Answer answer = reader.next(method == "HEAD");
    CHECK(reader.next().body == "next");
    CHECK(reader.at_end());
    return answer;
  }
  Answer answer_of_file(const std::string& name, uint64_t offset = 0, uint64_t size = Response::kToTheEnd) {
    return answer_of([&, path = temp / name](const Request&, Response& response) {
      CHECK(response.send_file(path, offset, size));
      CHECK(response.finished());
    });
  }

  TempDir temp;
  std::string large;
};

}  // namespace

TEST_CASE("http/response: a file is the body, with the type of its name") {
  Files files;
  Answer page = files.answer_of_file("page.html");
  CHECK(page.status == 200);
  CHECK(page.body == "0123456789");
  CHECK(page.field("content-type") == "text/html; charset=utf-8");
  CHECK(page.field("content-length") == "10");
  Answer large = files.answer_of_file("large");
  CHECK(large.body == files.large);
  CHECK(large.field("content-type") == "application/octet-stream");
  Answer empty = files.answer_of_file("empty.css");
  CHECK(empty.body.empty());
  CHECK(empty.field("content-length") == "0");
}

TEST_CASE("http/response: a part of a file, by path and by fd") {
  Files files;
  CHECK(files.answer_of_file("page.html", 3).body == "3456789");
  CHECK(files.answer_of_file("page.html", 3, 4).body == "3456");
  CHECK(files.answer_of_file("page.html", 8, 100).body == "89");
  CHECK(files.answer_of_file("page.html", 10, 1).body.empty());
  sys::Fd file(open((files.temp / "page.html").c_str(), O_RDONLY | O_CLOEXEC));
  Answer answer = files.answer_of([&](const Request&, Response& response) {
    response.header("Content-Type", "text/x");
    CHECK(response.send_file(file.get(), 1, 2));
    file.reset();
  });
  CHECK(answer.body == "12");
  CHECK(answer.field("content-type") == "text/x");
}

TEST_CASE("http/response: HEAD gets the length of the file, and a status without content no file") {
  Files files;
  Handler handler = [&](const Request&, Response& response) {
    response.send_file(files.temp / "page.html");
  };
  Answer head = files.answer_of(std::move(handler), "HEAD");
  CHECK(head.field("content-length") == "10");
  Answer none = files.answer_of([&](const Request&, Response& response) {
    CHECK(response.status(204).send_file(files.temp / "page.html"));
  });
  CHECK(none.status == 204);
  CHECK(none.field("content-length") == "(none)");
}

TEST_CASE("http/response: what is no file can be answered in another way") {
  Files files;
  Answer answer = files.answer_of([&](const Request&, Response& response) {
    CHECK(!response.send_file(files.temp / "missing"));
    CHECK(!response.send_file(files.temp / "folder.txt"));
    CHECK(!response.send_file("/dev/zero"));
    CHECK(!response.send_file(files.temp / "page.html", 11));
    CHECK(!response.send_file(-1));
    CHECK(!response.finished());
    response.fail(404);
    CHECK(!response.send_file(files.temp / "page.html"));
  });
  CHECK(answer.status == 404);
  CHECK(answer.field("content-type") == "text/plain; charset=utf-8");
  Answer begun = files.answer_of([&](const Request&, Response& response) {
    response.write("text");
    CHECK(!response.send_file(files.temp / "page.html"));
    response.end();
  });
  CHECK(begun.body == "text");
}

TEST_CASE("http/response: a late answer may be a file, and the next request waits for its end") {
  Files files;
  Router site;
  RequestId id;
  site.get("/", [&](const Request&, Response& response) { id = response.later(); });
  site.get("/next", [](const Request&, Response& response) { response.send("next"); });
  HttpWorld world(routes_of(site));
  Client& client = world.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  world.settle();
  CHECK(answer(id, [&](Response& response) { CHECK(response.send_file(files.temp / "large")); }));
  world.settle();
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].body == files.large);
  CHECK(answers[1].body == "next");
}
