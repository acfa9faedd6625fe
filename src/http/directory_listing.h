#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sys/file.h"

namespace oklo::http {

// A page of HTML that lists a directory: directories first, then files, by name, with sizes and dates.
// Hidden are dot files and whatever is neither file nor directory. `path` is what the client asked for,
// decoded; `cut` says that there are more entries than these.
std::string directory_listing(std::string_view path, bool has_parent,
                              std::vector<sys::DirectoryEntry> entries, bool cut);

}  // namespace oklo::http
