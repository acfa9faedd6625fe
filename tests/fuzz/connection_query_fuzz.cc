#include "process/connection_query.h"

#include <cstdint>

#include "base/assert.h"

// Words are refused with a reason, or what they say is within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view words(reinterpret_cast<const char*>(data), size);
  oklo::Result<oklo::ConnectionQuery> query = oklo::parse_connection_query(words);
  if (!query) OKLO_ASSERT(!query.error().text.empty());
  if (!query) return 0;
  OKLO_ASSERT(query->limit >= 1 && query->limit <= oklo::ConnectionQuery::kLimitMax);
  OKLO_ASSERT(query->sort <= oklo::ConnectionSort::peer);
  if (query->kind) OKLO_ASSERT(*query->kind != oklo::ConnectionKind::none);
  if (query->peer) OKLO_ASSERT(query->peer->bits <= 128);
  return 0;
}
