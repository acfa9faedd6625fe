#include "base/sha1.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

namespace {

std::string hex(const oklo::Sha1::Digest& digest) {
  std::string text;
  for (char c : digest) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string sha1(std::string_view bytes) {
  Guarded guarded(bytes);
  return hex(oklo::sha1(guarded.view()));
}

}  // namespace

TEST_CASE("base/sha1: the examples of FIPS 180") {
  CHECK(sha1("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(sha1("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(sha1(std::string(1000000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("base/sha1: sizes around the end of a block") {
  struct { size_t size; const char* digest; } cases[] = {
      {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
      {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
      {57, "f08f24908d682555111be7ff6f004e78283d989a"},
      {63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
      {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
      {65, "11655326c708d70319be2610e8a57d9a5b959d3b"},
      {119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"},
      {120, "f34c1488385346a55709ba056ddd08280dd4c6d6"},
      {128, "ad5b3fdbcb526778c2839d2f151ea753995e26a0"},
  };
  for (auto& c : cases) {
    CAPTURE(c.size);
    CHECK(sha1(std::string(c.size, 'a')) == c.digest);
  }
}

TEST_CASE("base/sha1: pieces make no difference") {
  std::string text;
  for (int i = 0; i < 200; i++) text += static_cast<char>(i * 7);
  const std::string whole = sha1(text);
  oklo::Sha1 bytewise;
  for (char c : text) bytewise.add({&c, 1});
  CHECK(hex(bytewise.finish()) == whole);
  for (size_t split = 0; split <= text.size(); split++) {
    oklo::Sha1 hash;
    hash.add(std::string_view(text).substr(0, split));
    hash.add(std::string_view(text).substr(split));
    CHECK(hex(hash.finish()) == whole);
  }
}
