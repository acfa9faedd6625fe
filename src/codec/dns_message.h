#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oklo::codec {

// Messages of the DNS (RFC 1035), as one who asks for addresses needs them.

inline constexpr size_t kDnsNameBytesMax = 253;    // of a name as text
inline constexpr size_t kDnsPacketBytesMax = 1232;  // of an answer over UDP, as it is announced
inline constexpr size_t kDnsAddressesMax = 32;      // further ones of an answer are left out
inline constexpr size_t kDnsRecordsMax = 512;       // of an answer; one with more is malformed
inline constexpr int kDnsAliasesMax = 8;            // CNAMEs in a row; an answer with more is malformed

// The types that are asked for.
enum class DnsType : uint16_t { a = 1, aaaa = 28 };

struct DnsQuestion {
  uint16_t id = 0;
  DnsType type = DnsType::a;
  std::string name;  // of which nothing is wrong, and without a dot at the end
};

// What is wrong with a name, as the end of a sentence, or nullptr. Letters, digits, '-' and '_' alone: names
// of other alphabets must come as they stand in the DNS ("xn--..."); IDNA is not done here.
const char* dns_name_fault(std::string_view name);

// The query; with EDNS it announces how large an answer may be (RFC 6891).
std::string encode_dns_query(const DnsQuestion& question, bool with_edns);

struct DnsAnswer {
  enum class Kind : uint8_t {
    other,          // it does not answer this question
    addresses,
    no_name,        // the name does not exist (NXDOMAIN)
    no_data,        // it does, but has no such address
    truncated,      // there is more than UDP carries: ask over TCP
    format_error,   // the server did not understand the query: it may not know EDNS
    server_failed,
    malformed,
  };

  Kind kind = Kind::other;
  uint32_t ttl_s = 0;  // how long addresses, no_name and no_data hold
  // As 16 bytes each, an IPv4 address in its IPv6 form.
  std::vector<std::array<uint8_t, 16>> addresses = {};
};

// What the bytes say to that question. Aliases (CNAME) are followed within them.
DnsAnswer parse_dns_response(std::string_view bytes, const DnsQuestion& question);

}  // namespace oklo::codec
