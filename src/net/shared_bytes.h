#pragma once

#include <string>
#include <utility>

namespace oklo {

// Bytes that several queues of one thread may hold at once; they die with the last BytesRef.
class SharedBytes {
 public:
  explicit SharedBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view view() const { return bytes_; }

 private:
  friend class BytesRef;
  std::string bytes_;
  unsigned references_ = 0;
};

// One hold on SharedBytes.
class BytesRef {
 public:
  BytesRef() = default;
  explicit BytesRef(SharedBytes* bytes) : bytes_(bytes) { if (bytes_) bytes_->references_++; }
  BytesRef(const BytesRef& other) : BytesRef(other.bytes_) {}
  BytesRef(BytesRef&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}
  BytesRef& operator=(BytesRef other) noexcept { std::swap(bytes_, other.bytes_); return *this; }
  ~BytesRef() { if (bytes_ && --bytes_->references_ == 0) delete bytes_; }

  static BytesRef make(std::string bytes) { return BytesRef(new SharedBytes(std::move(bytes))); }
  std::string_view view() const { return bytes_ ? bytes_->view() : std::string_view(); }
  explicit operator bool() const { return bytes_ != nullptr; }

 private:
  SharedBytes* bytes_ = nullptr;
};

}  // namespace oklo
