#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/scoreboard.h"

namespace oklo::cli {

// What `oklo top` puts on the terminal, out of the answers of the service.
class TopScreen {
 public:
  // Keeps an answer of status_top; false when it is none.
  bool take(std::string_view answer, uint64_t now_ms);

  // How many lines the service may tell, of so many on the terminal: one is for rates, one for the keys.
  static unsigned rows_for_service(unsigned rows) { return rows > 2 ? rows - 2 : 1; }

  // The whole screen. `plain`: lines alone, for what is no screen, one behind the other; else escape
  // sequences that every terminal since the VT100 understands. The last line says `note`.
  std::string frame(unsigned columns, unsigned rows, bool plain, std::string_view note) const;

 private:
  struct Numbers {
    uint64_t at_ms = 0;  // 0: none yet
    uint64_t requests = 0;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
    uint64_t counts[LatencyHistogram::kBuckets] = {};
  };
  static bool read(std::string_view line, Numbers& to);
  std::string rates() const;

  Numbers before_;
  Numbers now_;
  std::string text_;
};

}  // namespace oklo::cli
