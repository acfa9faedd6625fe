#pragma once

#include <string_view>

namespace oklo::codec {

// The media type for a file of that name, by its extension in any case; text types come with their
// charset. "application/octet-stream" where the extension says nothing.
std::string_view media_type(std::string_view file_name);

}  // namespace oklo::codec
