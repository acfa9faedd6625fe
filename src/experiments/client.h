#pragma once

#include <cstdint>
#include <string>

#include <oklo/sync_client.h>

namespace oklo::experiments {

// How long what must come is waited for: much longer than it takes, also where much else runs.
inline constexpr uint32_t kPatienceMs = 30'000;
// How long what will not come is waited for.
inline constexpr uint32_t kSilenceMs = 200;

// A client that waits so long for an answer.
inline SyncClient patient_client() { return SyncClient({.timeout_ms = kPatienceMs}); }

// Sends a byte and waits for the one that answers it.
inline bool ask(SyncClient& client) { return client.send("?") && client.read_exactly(1); }

}  // namespace oklo::experiments
