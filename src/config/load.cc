#include "config/load.h"

#include <cstdlib>
#include <utility>

#include "config/files.h"
#include "sys/file.h"

namespace oklo::config {

namespace {

std::optional<std::string> from_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Loaded load(const std::string& path) {
  Loaded loaded;
  std::vector<Statement> statements = read_files(loaded.faults, path, from_environment);
  if (statements.empty() && !loaded.ok()) return loaded;
  Meaning meaning = read_meaning(loaded.faults, statements);
  loaded.config = std::move(meaning.config);
  loaded.claims = std::move(meaning.claims);
  return loaded;
}

void check_host(Loaded& loaded) {
  for (const Claim& claim : loaded.claims)
    if (Result<void> found = look_for(claim); !found) loaded.faults.add(claim.place, found.error().text);
}

Result<std::string> default_path() {
  for (const char* path : kDefaultPaths) {
    sys::Fd file;
    if (sys::open_to_read(path, file) >= 0) return std::string(path);
  }
  return Error{0, "there is neither /etc/oklo.conf nor ./oklo.conf; name a file with -c"};
}

}  // namespace oklo::config
