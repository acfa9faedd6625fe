#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace oklo {

// What went wrong in the environment: an errno number (0 where there is none) and one sentence for
// the person who reads it.
struct Error {
  int number = 0;
  std::string text;
};

// An Error whose text is "WHAT: DESCRIPTION OF NUMBER".
Error system_error(int number, std::string_view what);

// A value, or the Error that took its place. Asking for what is not there is a bug.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }

  T& value() & { OKLO_ASSERT(ok()); return *value_; }
  T&& value() && { OKLO_ASSERT(ok()); return std::move(*value_); }
  const T& value() const& { OKLO_ASSERT(ok()); return *value_; }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { OKLO_ASSERT(!ok()); return error_; }
  Error&& error() && { OKLO_ASSERT(!ok()); return std::move(error_); }

 private:
  std::optional<T> value_;
  Error error_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { OKLO_ASSERT(!ok()); return *error_; }
  Error&& error() && { OKLO_ASSERT(!ok()); return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace oklo
