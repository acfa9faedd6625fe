#include "codec/url.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

constexpr const char* kRefused = "(refused)";

std::string decoded(std::string_view raw) {
  Guarded guarded(raw);
  std::array<char, 256> out;
  std::optional<std::string_view> path = decode_path(guarded.view(), out);
  return path ? std::string(*path) : kRefused;
}

std::string encoded(std::string_view path) {
  std::string out;
  encode_path(out, path);
  return out;
}

}  // namespace

TEST_CASE("codec/url: a plain path is answered without a copy") {
  for (std::string_view raw : {"/", "/index.html", "/a/b/c.txt", "/a/", "/a.b/c..d", "/a+b"}) {
    std::array<char, 64> out;
    std::optional<std::string_view> path = decode_path(raw, out);
    REQUIRE(path);
    CHECK(path->data() == raw.data());
    CHECK(*path == raw);
  }
}

TEST_CASE("codec/url: escapes, dot segments and slashes are resolved") {
  struct { const char* raw; const char* path; } cases[] = {
      {"/sp%20ace.txt", "/sp ace.txt"},
      {"/%c3%bctf8.txt", "/\xc3\xbctf8.txt"},
      {"/100%25.txt", "/100%.txt"},
      {"/a%2Bb.txt", "/a+b.txt"},
      {"/%66ile.txt", "/file.txt"},
      {"//a///b//", "/a/b/"},
      {"/./a/./b", "/a/b"},
      {"/a/.", "/a/"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/a/b/../c", "/a/c"},
      {"/a/b/../../c/", "/c/"},
      {"/a/%2e%2e/b", "/b"},
      {"/%2e/b", "/b"},
      {"/.", "/"},
      {"/.../a", "/.../a"},
      {"/..a/b", "/..a/b"},
      {"/.hidden", "/.hidden"},
      {"/a/.git/..", "/a/"},
      {"/\\evil/..", "/"},
      {"/%252e%252e/", "/%2e%2e/"},
      {"/%2525", "/%25"},
      {"/%ff%fe", "/\xff\xfe"},
  };
  for (auto& c : cases) {
    CAPTURE(c.raw);
    CHECK(decoded(c.raw) == c.path);
  }
}

TEST_CASE("codec/url: what names no file is refused") {
  for (const char* raw : {"", "*", "a", "/%", "/%2", "/%zz", "/%2g", "/a%", "/%00", "/a%0a", "/%7f", "/a\x01",
                          "/\x7f", "/..", "/../", "/a/../..", "//..//..//secret", "/%2e%2e/secret", "/.%2e/a",
                          "/a%2fb", "/..%2f", "/%2F", "/./../a"}) {
    CAPTURE(raw);
    CHECK(decoded(raw) == kRefused);
  }
}

TEST_CASE("codec/url: a path that is longer than the place for it is refused") {
  std::array<char, 4> out;
  CHECK(decode_path("/abc%", out) == std::nullopt);
  CHECK(decode_path("/%41", out) == "/A");
  CHECK(decode_path("/%41b", out) == std::nullopt);
}

TEST_CASE("codec/url: every prefix is decoded or refused within its bytes") {
  std::string_view raw = "/a%20b//c/./d/../%c3%bc/e%2e/..";
  for (size_t size = 0; size <= raw.size(); size++) decoded(raw.substr(0, size));
}

TEST_CASE("codec/url: every byte comes back from its escape") {
  for (int byte = 0x20; byte < 256; byte++) {
    if (byte == 0x7f || byte == '/' || byte == '.') continue;
    std::string path = "/x";
    path += static_cast<char>(byte);
    CHECK(decoded(encoded(path)) == path);
  }
}

TEST_CASE("codec/url: an encoded path can stand in a field and in HTML") {
  CHECK(encoded("/a b/\xc3\xbc") == "/a%20b/%C3%BC");
  CHECK(encoded("/\\evil.example/") == "/%5Cevil.example/");
  CHECK(encoded("/?#%&\"'<>\r\n") == "/%3F%23%25%26%22%27%3C%3E%0D%0A");
  CHECK(encoded("/a-b_c.d~e!$()*+,;=:@") == "/a-b_c.d~e!$()*+,;=:@");
}

TEST_CASE("codec/url: HTML is escaped") {
  std::string out = "=";
  escape_html(out, "<a href=\"x\">'&'\xc3\xbc</a>");
  CHECK(out == "=&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\xc3\xbc&lt;/a&gt;");
}
