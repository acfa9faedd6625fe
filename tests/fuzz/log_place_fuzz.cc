#include "process/log_place.h"

#include <cstdint>
#include <string>

#include "base/assert.h"

using oklo::LogPlace;

namespace {

// A place says the same again when it is written out.
void check_syslog(const LogPlace& place) {
  OKLO_ASSERT(place.path.starts_with('/'));
  bool local = place.facility >= 16 && place.facility <= 23;
  OKLO_ASSERT(local || place.facility == 1 || place.facility == 3);
  std::string facility = local ? "local" + std::to_string(place.facility - 16)
                               : place.facility == 1 ? "user" : "daemon";
  auto again = LogPlace::parse("syslog:" + facility + ":" + place.path);
  OKLO_ASSERT(again && again->kind == place.kind && again->facility == place.facility);
  OKLO_ASSERT(again->path == place.path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  auto place = LogPlace::parse(text);
  if (!place) {
    OKLO_ASSERT(text.starts_with("syslog:"));
    return 0;
  }
  if (place->kind == LogPlace::Kind::syslog) check_syslog(*place);
  if (place->kind == LogPlace::Kind::file) OKLO_ASSERT(place->path == text);
  return 0;
}
