#pragma once

#include <string>
#include <string_view>

#include "codec/range.h"

namespace oklo::http {

// The line "Content-Range: bytes FIRST-LAST/SIZE" with its end (RFC 9110 section 14.4).
std::string content_range_line(const codec::ByteRange& range, uint64_t size);

// The frame around several ranges in one answer: multipart/byteranges (RFC 9110 section 14.6). Lives as
// long as the answer is being written.
class MultipartRanges {
 public:
  // `type` is the media type of the whole; `seed` makes the boundary one that no file can foresee.
  MultipartRanges(const codec::RangeSet& set, uint64_t size, std::string_view type, uint64_t seed);

  std::string type_line() const;
  // What stands before the bytes of each range, and after the last.
  std::string part_head(size_t index) const;
  std::string tail() const { return "\r\n--" + boundary_ + "--\r\n"; }
  // Bytes of the whole body.
  uint64_t total() const;

 private:
  const codec::RangeSet& set_;
  uint64_t size_;
  std::string_view type_;
  std::string boundary_;
};

}  // namespace oklo::http
