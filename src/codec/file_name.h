#pragma once

#include <string>
#include <string_view>

namespace oklo::codec {

inline constexpr size_t kFileNameBytesMax = 128;

// What a client calls a file, made fit to be a name in a directory: the part behind the last slash or
// backslash, with '_' in place of all but letters, digits, '.', '-', '_', blanks within and characters
// outside ASCII (where they are UTF-8). It does not begin with a dot or a dash, is not empty ("file") and has
// at most kFileNameBytesMax bytes; of a longer one the middle is left out, for the extension's sake. Whether
// such a name is in use already is not asked.
std::string safe_file_name(std::string_view sent);

}  // namespace oklo::codec
