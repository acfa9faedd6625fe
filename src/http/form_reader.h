#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "codec/multipart.h"
#include "http/form_data.h"

namespace oklo::http {

// Reads the body of a form as it comes, in any pieces: multipart/form-data (RFC 7578) or
// application/x-www-form-urlencoded. It lives as long as the body and the handler that gets the form.
class FormReader {
 public:
  // Of a body of that Content-Type. Null where it is no form; `status` is then that of the answer: 415, or
  // 400 without a usable boundary. The options outlive it.
  static std::unique_ptr<FormReader> create(std::string_view content_type, const FormOptions& options,
                                            uint16_t& status);

  // Each answers 0, or the status of the answer that refuses the form: 400, or those of FormData. Nothing may
  // be called after that.
  uint16_t take(std::string_view piece);
  // The body is complete.
  uint16_t finish();

  const FormData& data() const { return data_; }

 private:
  FormReader(const FormOptions& options, std::string_view boundary);
  uint16_t take_parts(std::string_view piece);
  uint16_t take_event(const codec::MultipartEvent& event);
  uint16_t take_pairs(std::string_view piece);
  uint16_t end_pair();

  FormData data_;
  std::optional<codec::MultipartParser> parser_;  // else it is urlencoded
  std::string pair_;                              // what has come of a pair that has not ended
  uint64_t pair_bytes_max_;
};

}  // namespace oklo::http
