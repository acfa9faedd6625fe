#include "lab/parcel.h"

#include <cstring>

namespace oklo::lab {

std::string ParcelWriter::sealed() const {
  uint64_t size = bytes_.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + bytes_;
}

bool ParcelReader::take(void* out, size_t size) {
  whole_ = whole_ && left_.size() >= size;
  if (!whole_) return false;
  std::memcpy(out, left_.data(), size);
  left_.remove_prefix(size);
  return true;
}

uint64_t ParcelReader::number() {
  uint64_t value = 0;
  take(&value, sizeof value);
  return value;
}

double ParcelReader::real() {
  double value = 0;
  take(&value, sizeof value);
  return value;
}

std::string ParcelReader::text() {
  uint64_t told = number();
  whole_ = whole_ && told <= left_.size();
  if (!whole_) return {};
  auto size = static_cast<size_t>(told);
  std::string value(left_.substr(0, size));
  left_.remove_prefix(size);
  return value;
}

uint64_t ParcelReader::size_of(std::string_view bytes) {
  uint64_t size = 0;
  if (bytes.size() >= sizeof size) std::memcpy(&size, bytes.data(), sizeof size);
  return size;
}

}  // namespace oklo::lab
