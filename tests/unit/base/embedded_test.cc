#include "base/embedded.h"

#include <doctest/doctest.h>

using oklo::EmbeddedFile;

TEST_CASE("base/embedded: each file is found by its name") {
  for (const EmbeddedFile& file : oklo::embedded_files()) {
    CAPTURE(file.name);
    CHECK(file.name.find('/') != std::string_view::npos);
    const EmbeddedFile* found = oklo::find_embedded(file.name);
    REQUIRE(found);
    CHECK(found->bytes == file.bytes);
  }
}

TEST_CASE("base/embedded: an unknown name is nothing") {
  CHECK(oklo::find_embedded("pages/no-such-page.html") == nullptr);
  CHECK(oklo::find_embedded("") == nullptr);
}
