#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/http_request.h"

namespace oklo::http {

// What the access log says of a request in the client's own words.
struct RequestWords {
  static constexpr size_t kTextBytesMax = 1024;  // of each that is told: what a client sends may be longer

  RequestWords() = default;
  // Views into the head, which has no bytes where there was none to be read.
  explicit RequestWords(const codec::RequestHead& head);

  std::string_view target;  // empty: it could not be read
  std::string_view host;
  std::string_view referer;
  std::string_view agent;
};

// The same, for a request whose head is gone.
class KeptWords {
 public:
  KeptWords() = default;
  explicit KeptWords(const RequestWords& words);

  RequestWords words() const;

 private:
  std::string text_;
  std::array<uint16_t, 4> sizes_{};
};

}  // namespace oklo::http
