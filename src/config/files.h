#pragma once

#include <string>
#include <vector>

#include "config/syntax.h"

namespace oklo::config {

inline constexpr size_t kFileBytesMax = 1 << 20;
inline constexpr size_t kIncludeDepthMax = 16;
inline constexpr size_t kFilesMax = 1000;

// The statements of a file and of all that it includes, which stand in the place of the include.
std::vector<Statement> read_files(Faults& faults, const std::string& path,
                                  const codec::ConfigLexer::Lookup& lookup);

// A path, from the root, as it is meant in that source: a relative one begins where the source stands.
std::string path_in(const Source& source, const std::string& path);

}  // namespace oklo::config
