#include "http/static_files.h"

#include <doctest/doctest.h>

#include <array>

#include "file_tree.h"
#include "recording_outlet.h"
#include "temp_dir.h"

using namespace oklo;

namespace {

constexpr const char* kAlphabet = "abcdefghijklmnopqrstuvwxyz";

// A root with some files, a StaticFiles over it, and a clock that the test turns.
struct Site {
  explicit Site(FilesOptions options = {}) {
    tree.file("secret.txt", "SECRET");
    tree.file("root/file.txt", kAlphabet);
    tree.file("root/empty.txt", "");
    tree.file("root/index.html", "front\n");
    tree.file("root/big.bin", std::string(100'000, 'x') + "end");
    tree.file("root/.hidden", "hidden");
    tree.file("root/sp ace.txt", "space");
    tree.file("root/pre.txt", "plain");
    tree.file("root/pre.txt.gz", "gzipped");
    tree.file("root/pre.txt.br", "brotli");
    tree.file("root/stale.txt", "plain");
    tree.file("root/stale.txt.gz", "old", FileTree::kModified - 1);
    tree.directory("root/sub");
    tree.file("root/sub/index.html", "sub\n");
    tree.directory("root/noindex");
    tree.file("root/noindex/<b>&.txt", "a");
    tree.directory("root/noindex/dir");
    tree.directory("root/.git");
    tree.file("root/.git/HEAD", "ref");
    tree.link("root/link-in", "file.txt");
    tree.link("root/link-out", "../secret.txt");
    tree.fifo("root/fifo");
    auto opened = http::StaticFiles::open(tree.root(), std::move(options));
    REQUIRE(opened);
    files = std::move(*opened);
  }

  // The answer to one request. `mount` is the prefix of the route.
  std::string ask(const char* method, const std::string& target, const std::string& fields = "",
                  std::string_view mount = "") {
    std::string bytes = std::string(method) + " " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    codec::ParseOutcome parsed = codec::parse_request_head(bytes, {}, exchange.head);
    REQUIRE(parsed.kind == codec::ParseOutcome::Kind::complete);
    exchange.reset(outlet);
    exchange.mount_rest = exchange.head.path().substr(mount.size());
    exchange.clock = &clock;
    exchange.date_line = &date_line;
    outlet.sent.clear();
    files->serve(exchange);
    CHECK(exchange.finished);
    return outlet.sent;
  }
  std::string get(const std::string& target, const std::string& fields = "") {
    return ask("GET", target, fields);
  }
  int status(const std::string& target, const std::string& fields = "") {
    get(target, fields);
    return exchange.status;
  }

  FileTree tree;
  Clock clock = {1'000'000, FileTree::kModified + 86'400, 0};
  http::DateLine date_line;
  std::unique_ptr<http::StaticFiles> files;
  RecordingOutlet outlet;
  http::Exchange exchange;
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

std::string body_of(const std::string& answer) {
  size_t at = answer.find("\r\n\r\n");
  return at == answer.npos ? "(none)" : answer.substr(at + 4);
}

// The value of a field of an answer.
std::string field(const std::string& answer, const std::string& name) {
  size_t at = answer.find("\r\n" + name + ": ");
  if (at == answer.npos) return "(none)";
  at += name.size() + 4;
  return answer.substr(at, answer.find("\r\n", at) - at);
}

}  // namespace

TEST_CASE("http/static_files: a small file comes with type, length, date and strong tag") {
  Site site;
  for (int i = 0; i < 2; i++) {
    std::string answer = site.get("/file.txt");
    CHECK(holds(answer, "HTTP/1.1 200 "));
    CHECK(field(answer, "Content-Type") == "text/plain; charset=utf-8");
    CHECK(field(answer, "Content-Length") == "26");
    CHECK(field(answer, "Last-Modified") == "Tue, 02 Jan 2024 03:04:05 GMT");
    CHECK(field(answer, "ETag").starts_with("\""));
    CHECK(field(answer, "Accept-Ranges") == "bytes");
    CHECK(field(answer, "Vary") == "(none)");
    CHECK(body_of(answer) == kAlphabet);
  }
  CHECK(site.outlet.files == 0);
  CHECK(body_of(site.get("/empty.txt")).empty());
  CHECK(body_of(site.get("/file.txt?x=%2e%2e/")) == kAlphabet);
}

TEST_CASE("http/static_files: a large file is sent as a file") {
  Site site;
  std::string answer = site.get("/big.bin");
  CHECK(field(answer, "Content-Length") == "100003");
  CHECK(body_of(answer).size() == 100'003);
  CHECK(site.outlet.files == 1);
  CHECK(body_of(site.get("/big.bin", "Range: bytes=-3\r\n")) == "end");
}

TEST_CASE("http/static_files: HEAD has the head of GET") {
  Site site;
  for (const char* target : {"/file.txt", "/big.bin", "/sub/"}) {
    std::string got = site.get(target);
    CHECK(site.ask("HEAD", target) == got.substr(0, got.find("\r\n\r\n") + 4));
  }
  CHECK(field(site.ask("HEAD", "/file.txt", "Range: bytes=0-4\r\n"), "Content-Length") == "26");
}

TEST_CASE("http/static_files: names are decoded and resolved") {
  Site site;
  CHECK(body_of(site.get("/sp%20ace.txt")) == "space");
  CHECK(body_of(site.get("/%66ile.txt")) == kAlphabet);
  CHECK(body_of(site.get("//sub/.././file.txt")) == kAlphabet);
  CHECK(body_of(site.get("/")) == "front\n");
  CHECK(body_of(site.get("/sub/")) == "sub\n");
  CHECK(body_of(site.get("/link-in")) == kAlphabet);
}

TEST_CASE("http/static_files: what is not to be seen is not found") {
  Site site;
  for (const char* target : {"/nope", "/nosuchdir/x", "/file.txt/", "/file.txt/x", "/.hidden", "/.git/HEAD",
                             "/.git/", "/.git", "/link-out", "/fifo", "/fifo/", "/FILE.TXT", "/sub/nope/"}) {
    CAPTURE(target);
    CHECK(site.status(target) == 404);
  }
  for (const char* target : {"/..", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/a%00",
                             "/%zz"}) {
    CAPTURE(target);
    CHECK(site.status(target) == 400);
  }
  CHECK(site.status("/" + std::string(5000, 'a')) == 404);
  CHECK(site.status("/noindex/") == 403);
}

TEST_CASE("http/static_files: a body is refused, and the connection with it") {
  Site site;
  CHECK(site.status("/file.txt", "Content-Length: 4\r\n") == 400);
  CHECK(!site.exchange.keep_alive);
  CHECK(site.status("/file.txt", "Transfer-Encoding: chunked\r\n") == 400);
  site.exchange.keep_alive = true;
  CHECK(site.status("/file.txt", "Content-Length: 0\r\n") == 200);
}

TEST_CASE("http/static_files: a directory without a slash leads to the one with it") {
  Site site;
  std::string answer = site.get("/sub");
  CHECK(holds(answer, "HTTP/1.1 301 "));
  CHECK(field(answer, "Location") == "/sub/");
  CHECK(field(site.get("/sub?a=1&b"), "Location") == "/sub/?a=1&b");
  CHECK(field(site.get("/sub?"), "Location") == "/sub/?");
  CHECK(field(site.get("//sub"), "Location") == "/sub/");
  site.tree.directory("root/\\evil.example");
  CHECK(field(site.get("/\\evil.example"), "Location") == "/%5Cevil.example/");
}

TEST_CASE("http/static_files: under a prefix") {
  Site site({.listing = true});
  CHECK(body_of(site.ask("GET", "/down/file.txt", "", "/down")) == kAlphabet);
  CHECK(field(site.ask("GET", "/down", "", "/down"), "Location") == "/down/");
  CHECK(field(site.ask("GET", "/down/sub", "", "/down"), "Location") == "/down/sub/");
  CHECK(holds(site.ask("GET", "/down/noindex/", "", "/down"), "<h1>Index of /down/noindex/</h1>"));
}

TEST_CASE("http/static_files: conditions") {
  Site site;
  std::string etag = field(site.get("/file.txt"), "ETag");
  std::string answer = site.get("/file.txt", "If-None-Match: " + etag + "\r\n");
  CHECK(holds(answer, "HTTP/1.1 304 "));
  CHECK(field(answer, "ETag") == etag);
  CHECK(field(answer, "Content-Type") == "(none)");
  CHECK(field(answer, "Content-Length") == "(none)");
  CHECK(body_of(answer).empty());
  CHECK(site.status("/file.txt", "If-Modified-Since: Tue, 02 Jan 2024 03:04:05 GMT\r\n") == 304);
  CHECK(site.status("/file.txt", "If-Match: \"nope\"\r\n") == 412);
  CHECK(site.status("/file.txt", "If-None-Match: \"nope\"\r\n") == 200);
  CHECK(site.status("/file.txt", "Range: bytes=0-4\r\nIf-None-Match: " + etag + "\r\n") == 304);
  CHECK(site.status("/nope", "If-None-Match: *\r\n") == 404);
}

TEST_CASE("http/static_files: one range") {
  Site site;
  std::string answer = site.get("/file.txt", "Range: bytes=1-3\r\n");
  CHECK(holds(answer, "HTTP/1.1 206 "));
  CHECK(field(answer, "Content-Range") == "bytes 1-3/26");
  CHECK(field(answer, "Content-Length") == "3");
  CHECK(field(answer, "Content-Type") == "text/plain; charset=utf-8");
  CHECK(body_of(answer) == "bcd");
  answer = site.get("/file.txt", "Range: bytes=26-\r\n");
  CHECK(holds(answer, "HTTP/1.1 416 "));
  CHECK(field(answer, "Content-Range") == "bytes */26");
  CHECK(site.status("/file.txt", "Range: bytes=5-2\r\n") == 200);
  CHECK(site.status("/file.txt", "Range: bytes=0-,0-,0-\r\n") == 200);
  CHECK(site.status("/file.txt", "Range: bytes=0-4\r\nIf-Range: \"nope\"\r\n") == 200);
  std::string etag = field(site.get("/file.txt"), "ETag");
  CHECK(site.status("/file.txt", "Range: bytes=0-4\r\nIf-Range: " + etag + "\r\n") == 206);
}

TEST_CASE("http/static_files: several ranges") {
  Site site;
  struct { const char* target; const char* parts[2]; } cases[] = {
      {"/file.txt", {"ab", "ef"}},
      {"/big.bin", {"xx", "xx"}},
  };
  for (auto& c : cases) {
    std::string answer = site.get(c.target, "Range: bytes=0-1,4-5\r\n");
    CHECK(holds(answer, "HTTP/1.1 206 "));
    std::string type = field(answer, "Content-Type");
    std::string kind = "multipart/byteranges; boundary=";
    REQUIRE(type.starts_with(kind));
    std::string boundary = type.substr(kind.size());
    CHECK(field(answer, "Content-Length") == std::to_string(body_of(answer).size()));
    CHECK(body_of(answer).starts_with("--" + boundary + "\r\n"));
    CHECK(body_of(answer).ends_with(std::string(c.parts[1]) + "\r\n--" + boundary + "--\r\n"));
    CHECK(holds(answer, std::string("\r\n\r\n") + c.parts[0] + "\r\n--" + boundary + "\r\n"));
    CHECK(holds(answer, "\r\nContent-Range: bytes 0-1/"));
    CHECK(holds(answer, "\r\nContent-Range: bytes 4-5/"));
  }
}

TEST_CASE("http/static_files: compressed variants are chosen by Accept-Encoding") {
  Site site;
  std::string plain = site.get("/pre.txt");
  CHECK(body_of(plain) == "plain");
  CHECK(field(plain, "Content-Encoding") == "(none)");
  CHECK(field(plain, "Vary") == "Accept-Encoding");
  std::string gzip = site.get("/pre.txt", "Accept-Encoding: gzip\r\n");
  CHECK(body_of(gzip) == "gzipped");
  CHECK(field(gzip, "Content-Encoding") == "gzip");
  CHECK(field(gzip, "Content-Type") == "text/plain; charset=utf-8");
  CHECK(field(gzip, "Vary") == "Accept-Encoding");
  CHECK(field(gzip, "ETag").ends_with("-gz\""));
  std::string brotli = site.get("/pre.txt", "Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n");
  CHECK(body_of(brotli) == "brotli");
  CHECK(field(brotli, "ETag") != field(gzip, "ETag"));
  CHECK(body_of(site.get("/pre.txt", "Accept-Encoding: gzip;q=0\r\n")) == "plain");
  std::string known = "If-None-Match: " + field(plain, "ETag") + "\r\n";
  CHECK(site.status("/pre.txt", known) == 304);
  CHECK(site.status("/pre.txt", "Accept-Encoding: gzip\r\n" + known) == 200);
  CHECK(field(site.get("/pre.txt.gz"), "Content-Encoding") == "(none)");
}

TEST_CASE("http/static_files: a variant that is older than its file does not count") {
  Site site;
  std::string answer = site.get("/stale.txt", "Accept-Encoding: gzip\r\n");
  CHECK(body_of(answer) == "plain");
  CHECK(field(answer, "Vary") == "(none)");
}

TEST_CASE("http/static_files: a change shows after a second, not before") {
  Site site;
  site.get("/file.txt");
  site.tree.file("root/file.txt", "changed", FileTree::kModified + 5);
  site.clock.now_ms += 999;
  CHECK(body_of(site.get("/file.txt")) == kAlphabet);
  site.clock.now_ms += 1;
  CHECK(body_of(site.get("/file.txt")) == "changed");
  site.tree.unlink("root/file.txt");
  site.clock.now_ms += 1000;
  CHECK(site.status("/file.txt") == 404);
  site.tree.file("root/file.txt", "back");
  CHECK(body_of(site.get("/file.txt")) == "back");
}

TEST_CASE("http/static_files: a variant that comes or goes shows after a second") {
  Site site;
  site.get("/file.txt");
  site.tree.file("root/file.txt.gz", "gzipped");
  site.clock.now_ms += 1000;
  CHECK(body_of(site.get("/file.txt", "Accept-Encoding: gzip\r\n")) == "gzipped");
  site.tree.unlink("root/file.txt.gz");
  site.clock.now_ms += 1000;
  CHECK(body_of(site.get("/file.txt", "Accept-Encoding: gzip\r\n")) == kAlphabet);
}

TEST_CASE("http/static_files: a file that changed within its last tick is read again") {
  Site site;
  site.tree.file("root/new.txt", "one", site.clock.wall_s);
  CHECK(body_of(site.get("/new.txt")) == "one");
  site.tree.file("root/new.txt", "two", site.clock.wall_s);
  site.clock.now_ms += 1000;
  CHECK(body_of(site.get("/new.txt")) == "two");
}

TEST_CASE("http/static_files: a large file that changed since it was looked at is sent as it is now") {
  Site site;
  site.get("/big.bin");
  site.tree.file("root/big.bin", std::string(90'000, 'y'), FileTree::kModified + 7);
  std::string answer = site.get("/big.bin");
  CHECK(field(answer, "Content-Length") == "90000");
  CHECK(field(answer, "Last-Modified") == "Tue, 02 Jan 2024 03:04:12 GMT");
  CHECK(body_of(answer) == std::string(90'000, 'y'));
}

TEST_CASE("http/static_files: Last-Modified is never after Date") {
  Site site;
  site.tree.file("root/future.txt", "later", site.clock.wall_s + 1000);
  CHECK(field(site.get("/future.txt"), "Last-Modified") == "Wed, 03 Jan 2024 03:04:05 GMT");
}

TEST_CASE("http/static_files: a listing shows what may be seen, escaped") {
  Site site({.index = "", .listing = true});
  std::string page = body_of(site.get("/"));
  for (const char* name : {"file.txt", "sub/", "noindex/", "sp ace.txt", "link-in"}) {
    CAPTURE(name);
    CHECK(holds(page, std::string(">") + name + "</a>"));
  }
  for (const char* name : {".hidden", ".git", "link-out", "fifo", "../"}) {
    CAPTURE(name);
    CHECK(!holds(page, std::string(">") + name));
  }
  CHECK(page.find(">sub/<") < page.find(">big.bin<"));
  page = body_of(site.get("/noindex/"));
  CHECK(holds(page, "<a href=\"./%3Cb%3E%26.txt\">&lt;b&gt;&amp;.txt</a>"));
  CHECK(holds(page, "<a href=\"../\">"));
  CHECK(site.status("/nope/") == 404);
  CHECK(body_of(site.ask("HEAD", "/")).empty());
}

TEST_CASE("http/static_files: a directory that is not there is an error with a text") {
  FileTree tree;
  Result<std::unique_ptr<http::StaticFiles>> opened = http::StaticFiles::open(tree / "nope", {});
  REQUIRE(!opened);
  CHECK(holds(opened.error().text, "nope"));
}

TEST_CASE("http/static_files: further fields stand in every answer") {
  FilesOptions options;
  options.fields = {{"Cache-Control", "no-cache"}, {"X-A", "b"}};
  Site site(std::move(options));
  for (const char* target : {"/file.txt", "/none", "/sub", "/"}) {
    std::string answer = site.get(target);
    CHECK(field(answer, "Cache-Control") == "no-cache");
    CHECK(field(answer, "X-A") == "b");
  }
  std::string etag = field(site.get("/file.txt"), "ETag");
  CHECK(field(site.get("/file.txt", "If-None-Match: " + etag + "\r\n"), "X-A") == "b");
  CHECK(site.exchange.status == 304);
}

TEST_CASE("http/static_files: a field that says what the file is, or can't be sent, is an error") {
  TempDir directory;
  for (const char* name : {"Content-Type", "etag", "Date", "Location", "X A", ""}) {
    FilesOptions options;
    options.fields = {{name, "b"}};
    CHECK_FALSE(http::StaticFiles::open(directory.path(), options));
  }
  FilesOptions options;
  options.fields = {{"X-A", "b\r\nc"}};
  CHECK_FALSE(http::StaticFiles::open(directory.path(), std::move(options)));
}
