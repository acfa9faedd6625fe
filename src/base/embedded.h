#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace oklo {

// A file that is part of the program. The build makes the list from the directories that the
// Makefile names in EMBED; it lives as long as the program.
//
// Its bytes are packed (LZSS: Storer and Szymanski, 1982). Eight tokens follow a byte of flags, the lowest
// bit first: 0 is one byte as it is, 1 a repeat of what was written before, three bytes: the distance, low
// byte first, and the length less four.
struct EmbeddedFile {
  std::string_view name;  // directory and file, as in "pages/index.html"
  std::string_view packed;
  size_t size;            // unpacked
};

std::span<const EmbeddedFile> embedded_files();

// The file of that name, or nullptr.
const EmbeddedFile* find_embedded(std::string_view name);

// What the file holds.
std::string unpack(const EmbeddedFile& file);

}  // namespace oklo
