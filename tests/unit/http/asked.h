#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "http/exchange.h"

#include "answers.h"
#include "recording_outlet.h"

// One request, parsed, and what its answer sends; the test turns the clock.
struct Asked {
  explicit Asked(std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n") : bytes(std::move(text)) {
    using oklo::codec::ParseOutcome;
    exchange.clock = &clock;
    exchange.date_line = &date_line;
    REQUIRE(oklo::codec::parse_request_head(bytes, {}, exchange.head).kind == ParseOutcome::Kind::complete);
    exchange.reset(outlet);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  // What was sent, which must be one whole answer.
  Answer answer() {
    AnswerReader reader(outlet.sent);
    Answer answer = reader.next(exchange.is_head());
    CHECK(reader.at_end());
    return answer;
  }

  oklo::Clock clock = {1'000'000, 971'186'136, 0};  // Tue, 10 Oct 2000 13:55:36 GMT
  oklo::http::DateLine date_line;
  RecordingOutlet outlet;
  oklo::http::Exchange exchange;
  std::string bytes;
};
