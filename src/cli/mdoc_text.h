#pragma once

#include <string>
#include <string_view>

namespace oklo::cli {

// A manual page in mdoc(7) as plain text of 78 columns: those macros that the manual of oklo uses.
std::string mdoc_to_text(std::string_view source);

// Whether a macro is one of them.
bool knows_macro(std::string_view name);

}  // namespace oklo::cli
