#pragma once

#include <string>

#include "base/result.h"
#include "config/reader.h"

namespace oklo::config {

// A configuration as it was read, with what is wrong with it: where there is anything, it is of no use.
struct Loaded {
  Config config;
  Faults faults;
  std::vector<Claim> claims;

  bool ok() const { return faults.empty(); }
};

// Reads a file, and what it includes, with the environment of this process. It changes nothing anywhere, so a
// running service may do it with a file that is broken.
Loaded load(const std::string& path);

// Looks whether what the configuration claims is there: directories, users and the like. Binds nothing.
void check_host(Loaded& loaded);

// The file that is meant where none is named: the first of these that is there, else an Error that names
// them.
inline constexpr const char* kDefaultPaths[] = {"/etc/oklo.conf", "./oklo.conf"};
Result<std::string> default_path();

}  // namespace oklo::config
