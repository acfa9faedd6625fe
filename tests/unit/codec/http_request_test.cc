#include "codec/http_request.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

constexpr HeadLimits kLimits;

ParseOutcome parse(std::string& bytes, RequestHead& head) { return parse_request_head(bytes, kLimits, head); }

// The status that the head is refused with, 0 where it is taken and 1 where it is not yet whole. On the way
// each prefix is tried before an unreadable page: it must need more, or be refused as the whole is.
int status(std::string_view text) {
  auto head = std::make_unique<RequestHead>();
  ParseOutcome whole;
  for (size_t size = text.size();; size--) {
    Guarded guarded(text.substr(0, size));
    ParseOutcome outcome = parse_request_head({guarded.data(), size}, kLimits, *head);
    if (size == text.size()) whole = outcome;
    else if (outcome.kind == ParseOutcome::Kind::bad) CHECK(outcome.status == whole.status);
    else if (whole.kind != ParseOutcome::Kind::complete) CHECK(outcome.kind == ParseOutcome::Kind::need_more);
    if (size == 0) break;
  }
  if (whole.kind == ParseOutcome::Kind::need_more) return 1;
  return whole.status;
}

// The status of a request with these field lines, which end with CR LF.
int fields_status(const std::string& lines, const std::string& version = "1.1") {
  return status("GET / HTTP/" + version + "\r\n" + lines + "\r\n");
}

int host_status(const std::string& host) { return fields_status("Host: " + host + "\r\n"); }

int post_status(const std::string& lines) {
  return status("POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n");
}

int target_status(const std::string& target, const std::string& method = "GET") {
  return status(method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
}

// A head that is taken, with the bytes that it points into.
struct Taken {
  explicit Taken(std::string text) : bytes(std::move(text)), head(std::make_unique<RequestHead>()) {
    ParseOutcome outcome = parse(bytes, *head);
    REQUIRE(outcome.kind == ParseOutcome::Kind::complete);
  }
  const RequestHead* operator->() const { return head.get(); }

  std::string bytes;
  std::unique_ptr<RequestHead> head;
};

Taken taken_with(const std::string& lines, const std::string& version = "1.1") {
  return Taken("GET / HTTP/" + version + "\r\nHost: a\r\n" + lines + "\r\n");
}

}  // namespace

TEST_CASE("codec/http_request: a head is taken apart") {
  std::string text =
      "GET /a/b?c=d HTTP/1.1\r\nHost: a.example:80\r\nX-One:  1 2\t \r\naccept-ENCODING: gzip\r\n\r\n";
  Taken head(text + "GET /next");
  CHECK(head->size == text.size());
  CHECK(head->method == Method::get);
  CHECK(head->minor_version == 1);
  CHECK(head->target() == "/a/b?c=d");
  CHECK(head->path() == "/a/b");
  CHECK(head->has_query);
  CHECK(head->query() == "c=d");
  CHECK(head->host() == "a.example:80");
  CHECK_FALSE(head->absolute_form);
  CHECK(head->keep_alive);
  REQUIRE(head->field_count == 3);
  CHECK(head->name(head->fields[1]) == "X-One");
  CHECK(head->value(head->fields[1]) == "1 2");
  CHECK(head->field(FieldId::accept_encoding) == "gzip");
  CHECK_FALSE(head->has(FieldId::range));
  CHECK(head->find("x-one") == "1 2");
  CHECK(head->find("x-two").data() == nullptr);
}

TEST_CASE("codec/http_request: a head can be fed in two parts, at any place") {
  const std::string text =
      "\r\nGET /folded HTTP/1.0\r\nHost: a\r\nX-One: a \r\n\t b\r\n  \r\nX-Two:\r\n c\r\nConnection: "
      "keep-alive\r\n\r\n";
  for (size_t split = 0; split < text.size(); split++) {
    std::string bytes = text;
    auto head = std::make_unique<RequestHead>();
    CHECK(parse_request_head({bytes.data(), split}, kLimits, *head).kind == ParseOutcome::Kind::need_more);
    REQUIRE(parse(bytes, *head).kind == ParseOutcome::Kind::complete);
    CHECK(head->size == text.size());
    CHECK(head->value(head->fields[1]) == "a   \t b");
    CHECK(head->find("X-Two") == "c");
    CHECK(head->keep_alive);
  }
}

TEST_CASE("codec/http_request: what one head said is forgotten with the next") {
  auto head = std::make_unique<RequestHead>();
  std::string first =
      "POST http://b/?q HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close, upgrade\r\n"
      "Expect: 100-continue\r\nRange: bytes=0-\r\n\r\n";
  std::string second = "GET / HTTP/1.0\r\n\r\n";
  REQUIRE(parse(first, *head).kind == ParseOutcome::Kind::complete);
  REQUIRE(parse(second, *head).kind == ParseOutcome::Kind::complete);
  CHECK(head->base == second.data());
  CHECK(head->minor_version == 0);
  CHECK_FALSE(head->has_query);
  CHECK_FALSE(head->absolute_form);
  CHECK_FALSE(head->has_content_length);
  CHECK_FALSE(head->close_asked);
  CHECK_FALSE(head->upgrade_asked);
  CHECK_FALSE(head->expect_continue);
  CHECK_FALSE(head->has(FieldId::range));
  CHECK(head->host() == "");
  CHECK(head->field_count == 0);
}

TEST_CASE("codec/http_request: the methods") {
  constexpr std::string_view kNames[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"};
  for (size_t i = 0; i < std::size(kNames); i++) {
    Taken head(std::string(kNames[i]) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(head->method == static_cast<Method>(i));
    CHECK(method_name(head->method) == kNames[i]);
  }
  for (const char* unknown : {"get / ", "FOO / ", "M-SEARCH * ", "GETS / ", "CONNECTX a:1 "})
    CHECK(status(std::string(unknown) + "HTTP/1.1\r\nHost: a\r\n\r\n") == 501);
  for (const char* bad :
       {"G@T / ", "GET: / ", " GET / ", "GET\t/ ", "GET\r/ ", "GET/ ", "G\xe9T / ", "\x16\x03 ", "\n"})
    CHECK(status(std::string(bad) + "HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(status(std::string("G\0T / HTTP/1.1\r\n\r\n", 18)) == 400);
  CHECK(status(std::string(32, 'A') + " / HTTP/1.1\r\n") == 501);
  CHECK(status(std::string(33, 'A')) == 400);
  CHECK(status(std::string(32, 'A')) == 1);
}

TEST_CASE("codec/http_request: the version") {
  CHECK(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
  CHECK(Taken("GET / HTTP/1.2\r\nHost: a\r\n\r\n")->minor_version == 2);
  CHECK(status("GET / HTTP/1.9\r\n\r\n") == 400);
  for (const char* version : {"2.0", "9.9", "0.9", "5.6"})
    CHECK(fields_status("Host: a\r\n", version) == 505);
  for (const char* version :
       {"1", "1.", ".1", "1.10", "01.1", " 1.1", "1,1", "-1.1", "1.1x", "1.1 ", "1.1\t"})
    CHECK(fields_status("Host: a\r\n", version) == 400);
  for (const char* line :
       {"GET / http/1.1", "GET / Http/1.1", "GET / HTTP1.1", "GET / HTTPS/1.1", "GET / HTP/1.1", "GET /",
        "GET / ", "GET", "GET ", "GET  ", "GET HTTP/1.1", "GET  HTTP/1.1", "GET  / HTTP/1.1",
        "GET /  HTTP/1.1", "GET /a b HTTP/1.1", "GET / ICE/1.0", "a", ".", "GET /HTTP/1.1"})
    CHECK(status(std::string(line) + "\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("codec/http_request: lines end with CR LF") {
  for (const char* text :
       {"GET / HTTP/1.1\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\rHost: a\r\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n",
        "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n",
        "\nGET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\nY: b\r\n\r\n",
        "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET\n", "GET /\n"})
    CHECK(status(text) == 400);
}

TEST_CASE("codec/http_request: a few empty lines before the request are passed over") {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(status("\r\n" + text) == 0);
  CHECK(status("\r\n\r\n\r\n\r\n" + text) == 0);
  CHECK(status("\r\n\r\n\r\n\r\n\r\n" + text) == 400);
  CHECK(status("\r\n") == 1);
  CHECK(Taken("\r\n" + text)->size == text.size() + 2);
}

TEST_CASE("codec/http_request: the target in origin-form and asterisk-form") {
  for (const char* target : {"/", "/a?", "/?a?b", "/~!$&'()*+,;=:@%zz|{}^`\"<>\\", "//a"})
    CHECK(target_status(target) == 0);
  for (const char* target :
       {"a", "../", "?", "*", "/#", "/a?b#c", "/\x01", "/\x7f", "/\x80", "/\xff\xfe", "/a\tb", ":"})
    CHECK(target_status(target) == 400);
  CHECK(target_status(std::string("/\0", 2)) == 400);
  CHECK(target_status("*", "OPTIONS") == 0);
  CHECK(target_status("*x", "OPTIONS") == 400);
  Taken head("GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(head->path() == "/a");
  CHECK(head->query() == "b?c");
}

TEST_CASE("codec/http_request: the target in absolute-form") {
  Taken head("GET http://b.example:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(head->absolute_form);
  CHECK(head->target() == "http://b.example:81/c?d");
  CHECK(head->host() == "b.example:81");
  CHECK(head->path() == "/c");
  CHECK(head->query() == "d");
  Taken empty("GET HTTPS://b?d HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(empty->path() == "/");
  CHECK(empty->query() == "d");
  CHECK(Taken("GET http://b HTTP/1.0\r\n\r\n")->host() == "b");
  CHECK(status("GET http://b/ HTTP/1.1\r\n\r\n") == 400);
  CHECK(status("GET http://b/ HTTP/1.1\r\nHost: @\r\n\r\n") == 400);
  for (const char* target : {"http://u:p@b/", "http://b:8x/", "http:///", "http://", "ftp://b/", "http:/b/",
                             "https:b", "http://?a", "http://[::1/", "http://b:65536/", "ws://b/"})
    CHECK(target_status(target) == 400);
}

TEST_CASE("codec/http_request: the target in authority-form") {
  Taken head("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n");
  CHECK(head->method == Method::connect);
  CHECK(head->host() == "b.example:443");
  for (const char* target : {"b.example", "b.example:", "/", "*", "http://b/", ":443", "b:443/"})
    CHECK(target_status(target, "CONNECT") == 400);
  CHECK(target_status("b:443") == 400);
}

TEST_CASE("codec/http_request: exactly one Host, and a valid one") {
  CHECK(fields_status("") == 400);
  CHECK(fields_status("X-Host: a\r\n") == 400);
  CHECK(fields_status("", "1.0") == 0);
  CHECK(fields_status("Host: a\r\nHost: a\r\n") == 400);
  CHECK(fields_status("Host: a\r\nHost: a\r\n", "1.0") == 400);
  CHECK(fields_status("Host: \t a\t \r\n") == 0);
  CHECK(fields_status("hOsT:a\r\n") == 0);
  for (const char* host :
       {"localhost", "LOCALHOST:65535", "localhost:", "a_b.example", "a.example.", "a.b-c.d123",
        "127.0.0.1", "127.0.0.1:80", "255.249.10.9", "[::1]", "[::1]:80", "1a.2b", "3com.com:1"})
    CHECK(host_status(host) == 0);
  for (const char* host : {"",          "a b",       "a/x",           "u@a",       "a:8x",     "a:1:2",
                           "a:65536",   "a:000080",      "a\x01",     "a%zz",     "a%20",
                           "a?b",       "a#b",           "a\\b",      "[::1",     "@",
                           "a{b}",      "a,b",           ":80",       ".a",       "a..b",
                           ".",         "-a.c",          "a.-c",      "a:-1",     "::1",
                           "192.168.2", "a192.168.2.10", "1.2.3.256", "1.2.3.04", "1.2.3.4.5",
                           "1.2.3.4.",  "123",           "[::1]x",    "[]",       "[1.2.3.4]",
                           "a\xe9",     "[::1]/../",     "a.:b.",     "a'b"})
    CHECK(host_status(host) == 400);
}

TEST_CASE("codec/http_request: a Host that was valid before is still looked at") {
  auto head = std::make_unique<RequestHead>();
  for (auto [host, status] : {std::pair{"long.example.org", 0},
                              {"long.example.org", 0},
                              {"long.example.or@", 400},
                              {"long.examp@e.org", 400},
                              {"long.example.org:1", 0},
                              {"long.example.org", 0},
                              {"a", 0},
                              {"@", 400}}) {
    std::string text = std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n";
    CHECK(parse(text, *head).status == status);
    if (status == 0) CHECK(head->host() == host);
  }
}

TEST_CASE("codec/http_request: IPv6 literals") {
  for (const char* host :
       {"::", "1::", "::1:2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "fe80::abcd:EF",
        "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1::8", "1:2:3:4:5:6:7::"})
    CHECK(host_status("[" + std::string(host) + "]") == 0);
  for (const char* host :
       {":", ":::", "1:::2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1:", ":1",
        "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "fe80::1%25eth0", "1:2:3:4:5:6:7:8::", "v1.a"})
    CHECK(host_status("[" + std::string(host) + "]") == 400);
}

TEST_CASE("codec/http_request: names and values of fields") {
  const std::string host = "Host: a\r\n";
  for (const char* line :
       {"!#$%&'*+-.^_`|~09aZ: 1", "X-A:", "X-A: ", "X-A:b", "X-A: a\tb", "X-A: caf\xe9", "X: \xff~\xff",
        "x:y", "X-A: 0123456789abcdef~\xff~0123456789", "a-very-long-name-of-a-field-with-letters: 1"})
    CHECK(fields_status(host + line + "\r\n") == 0);
  for (const char* line : {"X-A : b",    "X-A\t: b",  "NoColon",   ": x",       "X",
                           "X@Y: 1",     "X(Y): 1",   "X[]: 1",    "X\\Y: 1",   "X\xe9: 1",
                           "X\x7f: 1",   "X\rY: 1",   "X;Y: 1",    "X/Y: 1",    "\"X\": 1",
                           "X=Y: 1",     "X Y: 1",    "{X}: 1",    "X-A: a\rb", "X-A: a\x07",
                           "X-A: a\x1b", "X-A: \x7f", "X-A: \x0b", "X-A: \x01", "X-A: 0123456789abcde\x7f"})
    CHECK(fields_status(host + line + "\r\n") == 400);
  CHECK(fields_status(host + std::string("X-A: a\0b\r\n", 10)) == 400);
  CHECK(fields_status(host + std::string("X\0Y: 1\r\n", 8)) == 400);
  for (size_t at = 0; at < 40; at++)
    for (char c : {'\0', '\n', '\x1f', '\x7f'}) {
      std::string value(40, 'v');
      value[at] = c;
      CHECK(fields_status(host + "X: " + value + "\r\n") == 400);
    }
}

TEST_CASE("codec/http_request: folded lines") {
  CHECK(fields_status("Host: a\r\nX-A: b\r\n c\r\n") == 400);
  CHECK(fields_status(" Host: a\r\n") == 400);
  CHECK(fields_status(" \r\nHost: a\r\n") == 400);
  CHECK(fields_status(" X: a\r\n", "1.0") == 400);
  CHECK(fields_status("X: a\r\n\tb\r\n", "1.0") == 0);
  CHECK(fields_status("X: a\r\n b\x01\r\n", "1.0") == 400);
  CHECK(fields_status("name\r\n : value\r\n", "1.0") == 400);
  for (const char* name : {"Host", "Content-Length", "Transfer-Encoding"})
    CHECK(fields_status(std::string(name) + ": 1\r\n 2\r\n", "1.0") == 400);
  CHECK(taken_with("X: a\r\n  b \r\n\r\n", "1.0")->find("X") == "a    b");
}

TEST_CASE("codec/http_request: Content-Length") {
  CHECK(Taken("GET / HTTP/1.0\r\nContent-Length: 17 \r\n\r\n")->content_length == 17);
  CHECK(Taken("GET / HTTP/1.0\r\nContent-Length: 9223372036854775807\r\n\r\n")->has_content_length);
  for (const char* value :
       {"", "-1", "+5", "0x5", "abc", "5.0", "5e0", "5 5", "5, 5", "5_0", "5;", "-0", "00", "005", "\"5\"",
        "9223372036854775808", "18446744073709551621", "99999999999999999999999999"})
    CHECK(post_status("Content-Length: " + std::string(value) + "\r\n") == 400);
  CHECK(post_status("Content-Length: 0\r\n") == 0);
  CHECK(post_status("Content-Length: 5\r\nContent-Length: 5\r\n") == 400);
  CHECK(post_status("Content-Length: 5\r\nContent-Length: 6\r\n") == 400);
  CHECK(post_status("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(post_status("Transfer-Encoding: identity\r\nContent-Length: 0\r\n") == 400);
}

TEST_CASE("codec/http_request: Transfer-Encoding") {
  for (const char* value : {"chunked", "CHUNKED", "\tchunked "})
    CHECK(taken_with("Transfer-Encoding: " + std::string(value) + "\r\n")->chunked);
  for (const char* value :
       {"gzip", "identity", "foo", "xchunked", "chunkedx", "gzip, chunked", "identity,chunked"})
    CHECK(post_status("Transfer-Encoding: " + std::string(value) + "\r\n") == 501);
  for (const char* value : {"", ",", ",chunked", "chunked,", "chunked, gzip", "chunked, chunked",
                            "gzip, deflate", "chunked;x=1", "\"chunked\"", "chun ked",
                            "\xa0"
                            "chunked",
                            "gzip;q=1", "gzip,,chunked", "chunked\x0b", "gzip, chun ked"})
    CHECK(post_status("Transfer-Encoding: " + std::string(value) + "\r\n") == 400);
  CHECK(post_status("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(post_status("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(fields_status("Transfer-Encoding: chunked\r\n", "1.0") == 400);
  CHECK(post_status("Transfer_Encoding: foo\r\n") == 0);
}

TEST_CASE("codec/http_request: Connection") {
  CHECK(taken_with("")->keep_alive);
  CHECK_FALSE(taken_with("", "1.0")->keep_alive);
  CHECK(taken_with("Connection: Keep-Alive\r\n", "1.0")->keep_alive);
  CHECK(taken_with("Connection: foo\r\nConnection: keep-alive\r\n", "1.0")->keep_alive);
  CHECK(taken_with("Connection: closed\r\n")->keep_alive);
  for (const char* lines :
       {"Connection: close\r\n", "Connection: CLOSE\r\n", "Connection: foo , close\r\n",
        "Connection: keep-alive\r\nConnection: close\r\n", "Connection: close, keep-alive\r\n"}) {
    CHECK_FALSE(taken_with(lines)->keep_alive);
    CHECK(taken_with(lines)->close_asked);
    CHECK_FALSE(taken_with(lines, "1.0")->keep_alive);
  }
  CHECK(taken_with("Connection: keep-alive, Upgrade\r\nUpgrade: a\r\n")->upgrade_asked);
  CHECK_FALSE(taken_with("Connection: Upgrade\r\n", "1.0")->upgrade_asked);
}

TEST_CASE("codec/http_request: Expect") {
  CHECK(taken_with("Expect: 100-Continue\r\n")->expect_continue);
  CHECK_FALSE(taken_with("Expect: 100-continue\r\n", "1.0")->expect_continue);
  CHECK(fields_status("Host: a\r\nExpect: foo\r\n") == 417);
  CHECK(fields_status("Host: a\r\nExpect: 100-continue\r\nExpect: foo\r\n") == 417);
  CHECK(fields_status("Expect: foo\r\n", "1.0") == 0);
}

TEST_CASE("codec/http_request: fields that should stand once") {
  CHECK(post_status("Content-Type: a\r\nContent-Type: b\r\n") == 400);
  CHECK(post_status("If-Modified-Since: a\r\nIf-Modified-Since: b\r\n") == 400);
  CHECK(post_status("If-Modified-Since: a\r\nIf-Modified-Since: a\r\n") == 0);
  CHECK(post_status(
            "If-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\nCookie: a\r\nCookie: b\r\nX: 1\r\nX: 2\r\n") ==
        0);
  CHECK_FALSE(taken_with("Range: bytes=0-1\r\nRange: bytes=2-3\r\nRange: bytes=4-\r\n")->has(FieldId::range));
  CHECK(taken_with("Range: bytes=0-1\r\n")->has(FieldId::range));
}

TEST_CASE("codec/http_request: the limits show as soon as they are broken") {
  auto head = std::make_unique<RequestHead>();
  HeadLimits limits{.request_line_bytes = 20, .fields_bytes = 30, .fields_count = 2};
  auto result = [&](std::string text) {
    ParseOutcome outcome = parse_request_head(text, limits, *head);
    return outcome.kind == ParseOutcome::Kind::need_more ? 1 : int{outcome.status};
  };
  const std::string line = "GET / HTTP/1.1\r\n";
  CHECK(result("GET /1234567 HTTP/1.0\r\n\r\n") == 414);
  CHECK(result("GET /123456 HTTP/1.0\r\n\r\n") == 0);
  CHECK(result("GET /123456789012345") == 1);
  CHECK(result("GET /1234567890123456") == 414);
  CHECK(result("GET /123456 HTTP/1.0\r") == 1);
  CHECK(result("\r\nGET /123456789012345678") == 414);
  CHECK(result(line + "Host: a\r\nX: 34567890123456\r\n\r\n") == 0);
  CHECK(result(line + "Host: a\r\nX: 345678901234567\r\n\r\n") == 431);
  CHECK(result(line + "Host: a\r\nX: 345678901234567\r\n\r") == 431);
  CHECK(result(line + "Host: a\r\nX: 345678901234567") == 1);
  CHECK(result(line + std::string(29, 'n')) == 1);
  CHECK(result(line + std::string(30, 'n')) == 431);
  CHECK(result(line + "Host: a\r\nX: 1\r\n\r\n") == 0);
  CHECK(result(line + "Host: a\r\nX: 1\r\nY: 1\r\n\r\n") == 431);
}

TEST_CASE("codec/http_request: no more than 64 KiB, whatever the limits are") {
  auto head = std::make_unique<RequestHead>();
  HeadLimits limits{.request_line_bytes = 1 << 20, .fields_bytes = 1 << 20, .fields_count = 1000};
  std::string target = "GET /" + std::string(70000, 'a');
  CHECK(parse_request_head(target, limits, *head).status == 414);
  std::string value = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70000, 'a');
  CHECK(parse_request_head(value, limits, *head).status == 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (size_t i = 0; i < kFieldsMax; i++) many += "X: 1\r\n";
  CHECK(parse_request_head(many, limits, *head).status == 431);
}
