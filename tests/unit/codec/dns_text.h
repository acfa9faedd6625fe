#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

// Writes messages of the DNS by hand, as servers do, and as they should not.
class DnsText {
 public:
  DnsText& word(unsigned value) {
    text_.push_back(static_cast<char>(value >> 8));
    text_.push_back(static_cast<char>(value));
    return *this;
  }
  DnsText& head(unsigned id, unsigned flags, std::initializer_list<unsigned> counts) {
    word(id).word(flags);
    for (unsigned count : counts) word(count);
    return *this;
  }
  // Without an end; labels with dots between them.
  DnsText& labels(std::string_view name) {
    while (!name.empty()) {
      std::string_view label = name.substr(0, name.find('.'));
      text_.push_back(static_cast<char>(label.size()));
      text_.append(label);
      name.remove_prefix(label.size() == name.size() ? name.size() : label.size() + 1);
    }
    return *this;
  }
  DnsText& name(std::string_view name) { return labels(name).bytes(std::string_view("", 1)); }
  DnsText& pointer(unsigned at) { return word(0xc000 | at); }
  DnsText& question(std::string_view of, unsigned type) { return name(of).word(type).word(1); }
  // What stands behind the owner of a record.
  DnsText& record(unsigned type, unsigned ttl_s, std::string_view data) {
    word(type).word(1).word(ttl_s >> 16).word(ttl_s & 0xffff);
    return word(static_cast<unsigned>(data.size())).bytes(data);
  }
  DnsText& bytes(std::string_view more) {
    text_.append(more);
    return *this;
  }
  const std::string& text() const { return text_; }
  size_t size() const { return text_.size(); }

 private:
  std::string text_;
};

inline constexpr unsigned kDnsA = 1, kDnsAlias = 5, kDnsAuthority = 6, kDnsAaaa = 28, kDnsOptions = 41;
inline constexpr unsigned kDnsAnswered = 0x8180;  // a response, recursion desired and available
inline constexpr unsigned kDnsCut = 0x8380;       // the same, truncated
inline constexpr unsigned kDnsQuestionAt = 12;

// The data of an SOA record with that minimum.
inline std::string dns_authority(unsigned minimum) {
  DnsText text = DnsText().name("ns").name("root").bytes(std::string(16, '\1'));
  return text.word(minimum >> 16).word(minimum & 0xffff).text();
}
