#include "http/form_reader.h"

#include <doctest/doctest.h>

#include "form_text.h"
#include "temp_dir.h"

using namespace oklo;

namespace {

const std::string kParts = "multipart/form-data; boundary=b";
const std::string kPairs = "application/x-www-form-urlencoded";

std::string field(const std::string& name, const std::string& value) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

std::string file(const std::string& name, const std::string& file_name, const std::string& content,
                 const std::string& type = "text/plain") {
  return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + file_name +
         "\"\r\nContent-Type: " + type + "\r\n\r\n" + content + "\r\n";
}

// In whatever way the body comes, the same is read.
void check_all_ways(const std::string& type, const std::string& body, const std::string& wanted,
                    const FormOptions& options = {}) {
  CAPTURE(type);
  CAPTURE(body);
  for (const auto& pieces : ways(body)) CHECK(read_form(type, pieces, options) == wanted);
}

std::string whole(const std::string& type, const std::string& body, const FormOptions& options = {}) {
  return read_form(type, {body}, options);
}

}  // namespace

TEST_CASE("http/form_reader: urlencoded pairs, in whatever pieces they come") {
  check_all_ways(kPairs, "a=1&b=x+y%26%3D&a=2&&c&=n&%41=&d=%zz%4", "a=1;b=x y&=;a=2;c=;=n;A=;d=%zz%4;");
  check_all_ways(kPairs + " ; charset=utf-8", "a=%c3%a9", "a=\xc3\xa9;");
  check_all_ways(kPairs, "&&", "");
  check_all_ways(kPairs, "", "");
}

TEST_CASE("http/form_reader: parts, in whatever pieces they come") {
  check_all_ways(kParts, field("a", "1") + field("b", "x--b\r\n-") + field("", "") + "--b--\r\n",
                 "a=1;b=x--b\r\n-;=;");
  check_all_ways(kParts, file("f", "x.txt", "hello\r\n--") + field("a", "1") + "--b--",
                 "a=1;f[x.txt|text/plain]hello\r\n--;");
  check_all_ways("Multipart/Form-Data; boundary=\"b\"", "preamble\r\n--b--\r\nepilogue", "");
}

TEST_CASE("http/form_reader: files on disk hold the same as those in memory, whatever the pieces") {
  TempDir dir;
  const std::string body = file("f", "1", "12345") + file("g", "2", "123456") + file("f", "3", "") +
                           file("h", "4", "1234567890") + field("a", "b") + "--b--";
  for (uint32_t memory_bytes : {0u, 5u, 6u, 1000u}) {
    CAPTURE(memory_bytes);
    check_all_ways(kParts, body,
                   "a=b;f[1|text/plain]12345;g[2|text/plain]123456;f[3|text/plain];"
                   "h[4|text/plain]1234567890;",
                   {.memory_bytes = memory_bytes, .directory = dir.path()});
  }
}

TEST_CASE("http/form_reader: what comes as something else is no form") {
  for (const char* type : {"", "text/plain", "application/json", "multipart/mixed; boundary=b", "form"})
    CHECK(whole(type, "") == "415");
  for (const char* type : {"multipart/form-data", "multipart/form-data; boundary=",
                           "multipart/form-data; b=c", "multipart/form-data; boundary=a; boundary=b"})
    CHECK(whole(type, "") == "400");
}

TEST_CASE("http/form_reader: a body that is malformed or ends too early is refused") {
  const std::string good = field("a", "1") + file("f", "x", "content") + "--b--";
  for (size_t size = 0; size < good.size(); size++) {
    CAPTURE(size);
    CHECK(whole(kParts, good.substr(0, size)) == "400");
  }
  check_all_ways(kParts, "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--", "400");
  check_all_ways(kParts, "--b\r\nX: y\r\n\r\n1\r\n--b--", "400");
  check_all_ways(kParts, field("a", "1") + "--bx", "400");
}

TEST_CASE("http/form_reader: each limit may be reached and not be gone over, in whatever pieces") {
  check_all_ways(kParts, field("a", "") + field("b", "") + "--b--", "a=;b=;", {.fields = 2});
  check_all_ways(kParts, field("a", "") + field("b", "") + "--b--", "413", {.fields = 1});
  check_all_ways(kPairs, "a&b", "a=;b=;", {.fields = 2});
  check_all_ways(kPairs, "a&b", "413", {.fields = 1});
  check_all_ways(kParts, field("a", "12345") + "--b--", "a=12345;", {.field_bytes = 5});
  check_all_ways(kParts, field("a", "12345") + "--b--", "413", {.field_bytes = 4});
  check_all_ways(kPairs, "a=%31%32%33%34%35", "a=12345;", {.field_bytes = 5});
  check_all_ways(kPairs, "a=%31%32%33%34%35", "413", {.field_bytes = 4});
  check_all_ways(kParts, field("ab", "123") + field("c", "1") + "--b--", "ab=123;c=1;", {.fields_bytes = 7});
  check_all_ways(kParts, field("ab", "123") + field("c", "1") + "--b--", "413", {.fields_bytes = 6});
  check_all_ways(kParts, field("ab", "123") + field("c", "1") + "--b--", "413", {.fields_bytes = 5});
  check_all_ways(kPairs, "ab=123&c=1", "413", {.fields_bytes = 6});
  check_all_ways(kPairs, "abc=1", "abc=1;", {.head_bytes = 3});
  check_all_ways(kPairs, "abc=1", "413", {.head_bytes = 2});
}

TEST_CASE("http/form_reader: files have a number, the header of a part a size") {
  const std::string two = file("f", "x", "1") + file("f", "y", "2") + "--b--";
  check_all_ways(kParts, two, "f[x|text/plain]1;f[y|text/plain]2;", {.files = 2});
  check_all_ways(kParts, two, "413", {.files = 1});
  check_all_ways(kParts, two, "413", {.files = 0});
  const std::string one = field("a", "1") + "--b--";
  uint32_t head = static_cast<uint32_t>(one.find("\r\n\r\n") + 4 - one.find("\r\n") - 2);
  check_all_ways(kParts, one, "a=1;", {.head_bytes = head});
  check_all_ways(kParts, one, "413", {.head_bytes = head - 1});
  CHECK(whole(kParts, file("f", std::string(9000, 'x'), ""), {.head_bytes = 100'000}) == "413");
}

TEST_CASE("http/form_reader: an input in which no file was chosen is none, and counts for no limit") {
  const std::string nothing = file("f", "", "", "application/octet-stream");
  check_all_ways(kParts, nothing + file("f", "x", "1") + nothing + "--b--", "f[x|text/plain]1;",
                 {.files = 1});
  check_all_ways(kParts, nothing + "--b--", "", {.files = 0});
  check_all_ways(kParts, file("f", "", "1") + "--b--", "f[|text/plain]1;", {.files = 1});
  check_all_ways(kParts, file("f", "x", "") + file("f", "", "1") + "--b--", "413", {.files = 1});
}

TEST_CASE("http/form_reader: a pair that never ends is refused before it fills the memory") {
  const FormOptions options{.field_bytes = 10, .head_bytes = 10};
  uint16_t status = 0;
  auto reader = http::FormReader::create(kPairs, options, status);
  CHECK(reader->take(std::string(61, 'a')) == 0);
  CHECK(reader->take("a") == 413);
  CHECK(whole(kPairs, std::string(61, 'a'), options) == "413");
  CHECK(whole(kPairs, "a=" + std::string(60, 'a'), options) == "413");
  std::string escaped;
  for (int i = 0; i < 10; i++) escaped += "%61";
  CHECK(whole(kPairs, escaped + "=" + escaped, options) == "aaaaaaaaaa=aaaaaaaaaa;");
}

TEST_CASE("http/form_reader: a directory that is not there is the server's fault") {
  TempDir dir;
  const FormOptions options{.memory_bytes = 4, .directory = dir / "none"};
  CHECK(whole(kParts, file("f", "x", "1234") + "--b--", options) == "f[x|text/plain]1234;");
  check_all_ways(kParts, file("f", "x", "12345") + "--b--", "500", options);
}
