#include "http/directory_listing.h"

#include <doctest/doctest.h>

using namespace oklo;
using Kind = sys::FileInfo::Kind;

namespace {

sys::DirectoryEntry entry(std::string name, Kind kind, uint64_t size = 0) {
  return {std::move(name), {.kind = kind, .size = size, .modified_s = 1704164645}};
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("http/directory_listing: directories first, then files, by name") {
  std::string page = http::directory_listing(
      "/", false, {entry("b", Kind::regular), entry("z", Kind::directory), entry("a", Kind::regular)}, false);
  CHECK(page.find(">z/<") < page.find(">a<"));
  CHECK(page.find(">a<") < page.find(">b<"));
  CHECK(!holds(page, "../"));
  CHECK(holds(page, "Tue, 02 Jan 2024 03:04:05 GMT"));
}

TEST_CASE("http/directory_listing: sizes a person can read") {
  struct { uint64_t bytes; const char* text; } cases[] = {
      {0, "0 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"}, {1536, "1.5 KiB"}, {1048575, "1023.9 KiB"},
      {1048576, "1.0 MiB"}, {5ull << 30, "5.0 GiB"}, {~0ull, "15.9 EiB"},
  };
  for (auto& c : cases) {
    CAPTURE(c.text);
    std::string page = http::directory_listing("/", false, {entry("f", Kind::regular, c.bytes)}, false);
    CHECK(holds(page, std::string("<td>") + c.text + "</td>"));
  }
}

TEST_CASE("http/directory_listing: names and path are escaped, hidden and special files left out") {
  std::vector<sys::DirectoryEntry> entries = {
      entry("a:b \"<&'>", Kind::regular), entry(".dot", Kind::regular), entry("socket", Kind::other)};
  std::string page = http::directory_listing("/<x>/", true, entries, true);
  CHECK(holds(page, "Index of /&lt;x&gt;/"));
  CHECK(holds(page, "<a href=\"./a:b%20%22%3C%26%27%3E\">a:b &quot;&lt;&amp;&#39;&gt;</a>"));
  CHECK(!holds(page, ".dot"));
  CHECK(!holds(page, "socket"));
  CHECK(holds(page, "href=\"../\""));
  CHECK(holds(page, "more here"));
}
