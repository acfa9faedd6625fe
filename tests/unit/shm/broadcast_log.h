#pragma once

#include <string>
#include <vector>

#include "shm/broadcast_reader.h"

// Everything that a reader finds until there is nothing more, and what it missed on the way.
struct BroadcastLog {
  std::vector<oklo::BroadcastMessage> messages;
  int laps = 0;
  uint64_t missed_records = 0;
  uint64_t missed_bytes = 0;

  explicit BroadcastLog(oklo::BroadcastReader& reader) {
    for (;;) {
      oklo::BroadcastMessage message;
      oklo::BroadcastRead got = reader.read(message);
      if (got.outcome == oklo::BroadcastRead::Outcome::none) return;
      if (got.outcome == oklo::BroadcastRead::Outcome::message) {
        messages.push_back(message);
        continue;
      }
      laps++;
      missed_records += got.missed_records;
      missed_bytes += got.missed_bytes;
    }
  }

  // The payloads, with a space between them.
  std::string text() const {
    std::string all;
    for (const oklo::BroadcastMessage& message : messages)
      all.append(all.empty() ? "" : " ").append(message.payload);
    return all;
  }
};
