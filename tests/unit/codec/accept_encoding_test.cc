#include "codec/accept_encoding.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

CodingSet all() {
  CodingSet set;
  set.add(Coding::br);
  set.add(Coding::zstd);
  set.add(Coding::gzip);
  return set;
}

std::string chosen(std::string_view value, CodingSet offered = all()) {
  Guarded guarded(value);
  AcceptEncoding accepted;
  accepted.add_line(guarded.view());
  return std::string(coding_name(accepted.choose(offered)));
}

}  // namespace

TEST_CASE("codec/accept_encoding: the client's weights come first, then the server's liking") {
  struct { const char* value; const char* coding; } cases[] = {
      {"gzip", "gzip"},
      {"GZip", "gzip"},
      {"x-gzip", "gzip"},
      {"gzip, deflate, br, zstd", "br"},
      {"gzip, zstd", "zstd"},
      {"gzip;q=1.0, br;q=0.5", "gzip"},
      {"gzip;q=0.8, br;q=0.8, zstd;q=0.8", "br"},
      {"br ; q=0.2 , gzip ;q=0.3", "gzip"},
      {"*", "br"},
      {"*;q=0.5, gzip", "gzip"},
      {"br;q=0, *", "zstd"},
      {"identity, gzip;q=0.5", "identity"},
      {"identity;q=0.1, gzip;q=0.5", "gzip"},
      {"gzip;q=0.001", "gzip"},
      {"gzip;level=1;q=0.7", "gzip"},
  };
  for (auto& c : cases) {
    CAPTURE(c.value);
    CHECK(chosen(c.value) == c.coding);
  }
}

TEST_CASE("codec/accept_encoding: identity where nothing else is taken") {
  for (const char* value : {"", ",", "identity", "notgzip", "gzip;q=0", "gzip;q=0.000", "identity, *;q=0",
                            "*;q=0", "identity;q=0", "gzip;q=2", "gzip;q=", "gzip;q=x", "gzip;q=0.1234",
                            "gzip;q=-1", "gzip;q=1.1",
                            "gzip;q=1.001", "deflate", ";q=1"}) {
    CAPTURE(value);
    CHECK(chosen(value) == "identity");
  }
}

TEST_CASE("codec/accept_encoding: only what is on offer is chosen") {
  CodingSet gzip;
  gzip.add(Coding::gzip);
  CHECK(chosen("br, gzip;q=0.1", gzip) == "gzip");
  CHECK(chosen("br", gzip) == "identity");
  CHECK(chosen("gzip, br", CodingSet()) == "identity");
}

TEST_CASE("codec/accept_encoding: several lines are one list") {
  AcceptEncoding accepted;
  CHECK(accepted.choose(all()) == Coding::identity);
  accepted.add_line("gzip;q=0.5");
  accepted.add_line("zstd");
  CHECK(accepted.choose(all()) == Coding::zstd);
}
