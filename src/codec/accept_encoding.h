#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace oklo::codec {

// Content codings in the order in which the server likes them least to most.
enum class Coding : uint8_t { identity, gzip, zstd, br };

inline constexpr size_t kCodings = 4;

// The name in Content-Encoding.
std::string_view coding_name(Coding coding);

// A set of codings.
class CodingSet {
 public:
  void add(Coding coding) { bits_ = static_cast<uint8_t>(bits_ | 1u << static_cast<unsigned>(coding)); }
  bool has(Coding coding) const { return bits_ >> static_cast<unsigned>(coding) & 1; }
  bool empty() const { return bits_ == 0; }

 private:
  uint8_t bits_ = 0;
};

// What a client says it takes (RFC 9110 section 12.5.3). Feed it every Accept-Encoding line; without
// any, only identity is taken.
class AcceptEncoding {
 public:
  void add_line(std::string_view value);

  // The best of those that are on offer, by the client's weights and, where these are equal, by the
  // server's liking. It is identity where the client takes none of them.
  Coding choose(CodingSet offered) const;

 private:
  static constexpr int kUnsaid = -1;

  void add_element(std::string_view element);
  int weight(Coding coding) const;

  std::array<int, kCodings> weights_ = {kUnsaid, kUnsaid, kUnsaid, kUnsaid};  // in thousandths
  int others_ = kUnsaid;                                                     // what "*" says
};

}  // namespace oklo::codec
