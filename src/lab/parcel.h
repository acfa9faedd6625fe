#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// What one process of the lab tells another: values one behind the other. Both are the same program on the
// same machine, so numbers go as they lie in memory.
namespace oklo::lab {

class ParcelWriter {
 public:
  ParcelWriter& number(uint64_t value) { return raw(&value, sizeof value); }
  ParcelWriter& real(double value) { return raw(&value, sizeof value); }
  ParcelWriter& text(std::string_view value) {
    number(value.size());
    bytes_ += value;
    return *this;
  }
  // With its length in front, for one who reads it from a pipe.
  std::string sealed() const;

 private:
  ParcelWriter& raw(const void* value, size_t size) {
    bytes_.append(static_cast<const char*>(value), size);
    return *this;
  }
  std::string bytes_;
};

// Takes the values out again, in the same order. Once something is missing all the rest is zero and empty,
// and whole() says so.
class ParcelReader {
 public:
  explicit ParcelReader(std::string_view bytes) : left_(bytes) {}
  uint64_t number();
  double real();
  std::string text();
  bool whole() const { return whole_; }

  // How many bytes a sealed parcel has behind its length, which is the begin of `bytes`; 0: the length is not
  // whole yet.
  static constexpr size_t kSealBytes = sizeof(uint64_t);
  static uint64_t size_of(std::string_view bytes);

 private:
  bool take(void* out, size_t size);
  std::string_view left_;
  bool whole_ = true;
};

}  // namespace oklo::lab
