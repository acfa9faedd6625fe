#include "codec/file_name.h"

#include <doctest/doctest.h>

#include "base/utf8.h"
#include "guarded.h"

using oklo::codec::kFileNameBytesMax;
using oklo::codec::safe_file_name;

namespace {

std::string safe(std::string_view sent) {
  Guarded guarded(sent);
  return safe_file_name(guarded.view());
}

}  // namespace

TEST_CASE("codec/file_name: a name stays as it is where it can") {
  for (const char* name : {"a.txt", "A-1_b.tar.gz", "my holiday.jpg", "\xc3\xa9t\xc3\xa9.png", "\xe2\x82\xac",
                           "0"})
    CHECK(safe(name) == name);
}

TEST_CASE("codec/file_name: nothing leads to another directory or hides") {
  struct { std::string_view sent, safe; } names[] = {
      {"../../etc/passwd", "passwd"}, {"C:\\Users\\me\\a.doc", "a.doc"}, {"/", "file"}, {"", "file"},
      {"a/", "file"}, {".", "_"}, {"..", "_."}, {".htaccess", "_htaccess"}, {"-rf", "_rf"},
      {" ", "file"}, {"  a b  ", "a b"}, {" .a", "_a"}, {"a:b*c?d\"e<f>g|h", "a_b_c_d_e_f_g_h"},
      {std::string_view("a\0b\r\nc\x7f", 7), "a_b__c_"}, {"%2e%2e%2fx", "_2e_2e_2fx"},
      {"$(reboot)`;&", "__reboot____"},
  };
  for (const auto& name : names) CHECK(safe(name.sent) == name.safe);
}

TEST_CASE("codec/file_name: what is not UTF-8 is replaced, controls outside ASCII too") {
  CHECK(safe("a\xe9" "b") == "a_b");
  CHECK(safe("\xc3\xa9\xff") == "___");
  CHECK(safe("a\xc2\x85" "b\xc2\x9f\xc2\xa0") == "a_b_\xc2\xa0");
  CHECK(safe("\xc2") == "_");
}

TEST_CASE("codec/file_name: a long name loses its middle, not its extension, and stays text") {
  std::string long_name(300, 'x');
  CHECK(safe(long_name) == long_name.substr(0, kFileNameBytesMax));
  CHECK(safe(long_name + ".jpeg") == long_name.substr(0, kFileNameBytesMax - 5) + ".jpeg");
  CHECK(safe("a." + long_name).size() == kFileNameBytesMax);
  std::string text;
  for (int i = 0; i < 100; i++) text += "\xe2\x82\xac";
  for (const char* front : {"", "a", "ab"})
    for (const char* end : {"", ".jpg", ".\xc3\xa9"}) {
      std::string name = safe(front + text + end);
      CHECK(name.size() <= kFileNameBytesMax);
      CHECK(name.size() > kFileNameBytesMax - 4);
      CHECK(oklo::valid_utf8(name));
    }
  for (size_t size = 0; size < 150; size++) CHECK(safe(std::string(size, 'n')).size() <= kFileNameBytesMax);
}
