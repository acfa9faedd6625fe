#include "process/watchdog.h"

#include <algorithm>

namespace oklo {

Verdict judge(Watched& watched, uint64_t busy_since_ms, uint64_t now_ms, uint32_t limit_ms) {
  if (busy_since_ms == 0) return Verdict::well;
  uint64_t counts_from_ms = std::max(busy_since_ms, watched.from_ms);
  if (now_ms < counts_from_ms + limit_ms) return Verdict::well;
  if (watched.told_since_ms == busy_since_ms) return Verdict::still_stuck;
  watched.told_since_ms = busy_since_ms;
  return Verdict::stuck;
}

}  // namespace oklo
