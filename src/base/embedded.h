#pragma once

#include <span>
#include <string_view>

namespace oklo {

// A file that is part of the program. The build makes the list from the directories that the
// Makefile names in EMBED; it lives as long as the program.
struct EmbeddedFile {
  std::string_view name;  // directory and file, as in "pages/index.html"
  std::string_view bytes;
};

std::span<const EmbeddedFile> embedded_files();

// The file of that name, or nullptr.
const EmbeddedFile* find_embedded(std::string_view name);

}  // namespace oklo
