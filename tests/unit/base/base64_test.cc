#include "base/base64.h"

#include <doctest/doctest.h>

#include "guarded.h"

using oklo::base64;

namespace {

constexpr const char* kRefused = "(refused)";

std::string decoded(std::string_view text) {
  Guarded bytes(text);
  Guarded out(std::string(text.size() / 4 * 3, '#'));
  std::optional<std::string_view> plain = oklo::decode_base64(bytes.view(), {out.data(), out.size()});
  return plain ? std::string(*plain) : kRefused;
}

}  // namespace

TEST_CASE("base/base64: the vectors of RFC 4648 section 10") {
  struct { const char* plain; const char* text; } cases[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
  };
  for (auto& c : cases) {
    CAPTURE(c.plain);
    CHECK(base64(c.plain) == c.text);
    CHECK(decoded(c.text) == c.plain);
  }
}

TEST_CASE("base/base64: every byte at every place comes back") {
  for (size_t size = 1; size <= 7; size++) {
    for (size_t at = 0; at < size; at++) {
      for (int byte = 0; byte < 256; byte++) {
        std::string plain(size, '\x5a');
        plain[at] = static_cast<char>(byte);
        REQUIRE(base64(plain).size() == oklo::base64_size(size));
        REQUIRE(decoded(base64(plain)) == plain);
      }
    }
  }
  CHECK(base64("\xfb\xff\xbf") == "+/+/");
}

TEST_CASE("base/base64: only what the encoder makes is decoded") {
  for (const char* text :
       {"Z",        "Zg",   "Zg=",      "Zg===",    "=",    "==",    "====",   "Z===",
        "Zm9vZ===", "Zm=v", "Zg==Zg==", "Zm8=Zm8=", "=m9v", "Zm9\n", "Zm9v\n", " Zm9v",
        "Zm 9",     "Zm9-", "Zm9_",     "Zm9\xc3",  "Zh==", "Z/==",  "Zm9=",   "Zm//Zm9="}) {
    CAPTURE(text);
    CHECK(decoded(text) == kRefused);
  }
  CHECK(decoded(std::string_view("Zm9\0", 4)) == kRefused);
}

TEST_CASE("base/base64: what does not fit is refused, and nothing is written past the end") {
  char out[4] = {'#', '#', '#', '#'};
  CHECK_FALSE(oklo::decode_base64("Zm9vYg==", {out, 3}));
  CHECK(oklo::decode_base64("Zm9vYg==", {out, 4}) == "foob");
  CHECK(oklo::write_base64(out, "") == out);
  char room[5] = {'#', '#', '#', '#', '#'};
  CHECK(oklo::write_base64(room, "f") == room + 4);
  CHECK(room[4] == '#');
}

TEST_CASE("base/base64: the value of a character") {
  CHECK(oklo::base64_value('A') == 0);
  CHECK(oklo::base64_value('z') == 51);
  CHECK(oklo::base64_value('/') == 63);
  for (char c : {'=', '-', '_', '\0', ' ', '\xff'}) CHECK(oklo::base64_value(c) == -1);
}
