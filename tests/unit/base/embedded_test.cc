#include "base/embedded.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

using oklo::EmbeddedFile;

TEST_CASE("base/embedded: each file is found by its name") {
  for (const EmbeddedFile& file : oklo::embedded_files()) {
    CAPTURE(file.name);
    CHECK(file.name.find('/') != std::string_view::npos);
    const EmbeddedFile* found = oklo::find_embedded(file.name);
    REQUIRE(found);
    CHECK(found->name == file.name);
  }
}

TEST_CASE("base/embedded: unpacked it is what stands in the tree, and smaller packed") {
  for (const EmbeddedFile& file : oklo::embedded_files()) {
    std::string path = (file.name.starts_with("man/") ? "" : "src/cli/") + std::string(file.name);
    CAPTURE(path);
    FILE* opened = fopen(path.c_str(), "r");
    REQUIRE(opened);
    std::string content(file.size + 1, '\0');
    content.resize(fread(content.data(), 1, content.size(), opened));
    fclose(opened);
    CHECK(oklo::unpack(file) == content);
    CHECK(file.packed.size() < file.size);
  }
}

TEST_CASE("base/embedded: repeats overlap, and start at any distance") {
  using namespace std::string_view_literals;
  CHECK(oklo::unpack({"a", "\0abc"sv, 3}) == "abc");
  CHECK(oklo::unpack({"a", "\2a\1\0\3"sv, 8}) == "aaaaaaaa");
  CHECK(oklo::unpack({"a", "\4ab\2\0\1"sv, 7}) == "abababa");
  CHECK(oklo::unpack({"a", ""sv, 0}).empty());
}

TEST_CASE("base/embedded: an unknown name is nothing") {
  CHECK(oklo::find_embedded("pages/no-such-page.html") == nullptr);
  CHECK(oklo::find_embedded("") == nullptr);
}
