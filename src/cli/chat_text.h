#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace oklo::cli {

// What people type, made fit to be shown to others. All of it is UTF-8, before and after.

// One line, for names: spaces of all kinds become one space and fall away at the ends; what can't be seen,
// turns the direction of the text or hides a difference falls away. At most so many characters.
std::string clean_line(std::string_view text, size_t characters_max);

// A message: controls other than a line break and a tab fall away, and white space at the end.
std::string clean_message(std::string_view text);

// ASCII letters as small ones.
std::string fold(std::string_view text);

}  // namespace oklo::cli
