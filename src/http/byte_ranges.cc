#include "http/byte_ranges.h"

#include "base/number.h"

namespace oklo::http {

std::string content_range_line(const codec::ByteRange& range, uint64_t size) {
  std::string line = "Content-Range: bytes ";
  line.append(decimal(range.first)).append("-").append(decimal(range.last));
  return line.append("/").append(decimal(size)).append("\r\n");
}

MultipartRanges::MultipartRanges(const codec::RangeSet& set, uint64_t size, std::string_view type,
                                 uint64_t seed)
    : set_(set), size_(size), type_(type), boundary_("oklo-") {
  for (int i = 0; i < 20; i++) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    boundary_ += "0123456789abcdefghijklmnopqrstuv"[seed >> 59];
  }
}

std::string MultipartRanges::type_line() const {
  return "Content-Type: multipart/byteranges; boundary=" + boundary_ + "\r\n";
}

std::string MultipartRanges::part_head(size_t index) const {
  std::string head = index == 0 ? "--" : "\r\n--";
  head.append(boundary_).append("\r\nContent-Type: ").append(type_).append("\r\n");
  return head.append(content_range_line(set_.ranges[index], size_)).append("\r\n");
}

uint64_t MultipartRanges::total() const {
  uint64_t total = tail().size();
  for (size_t i = 0; i < set_.count; i++) total += part_head(i).size() + set_.ranges[i].size();
  return total;
}

}  // namespace oklo::http
