#include "codec/dns_message.h"

#include <cstdint>

#include "base/assert.h"

using namespace oklo::codec;

// The question is taken from the bytes: the id, and the type by the id's lowest bit; the name is always
// "a.b". What a parser takes is bounded, and a query is no answer to itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto id = static_cast<uint16_t>(data[0] << 8 | data[1]);
  DnsQuestion question{id, id & 1 ? DnsType::aaaa : DnsType::a, "a.b"};
  DnsAnswer answer = parse_dns_response(bytes, question);
  OKLO_ASSERT(answer.addresses.size() <= kDnsAddressesMax);
  OKLO_ASSERT((answer.kind == DnsAnswer::Kind::addresses) == !answer.addresses.empty());
  question.id++;
  OKLO_ASSERT(parse_dns_response(bytes, question).kind == DnsAnswer::Kind::other);
  std::string_view name = bytes.substr(2);
  if (dns_name_fault(name)) return 0;
  DnsQuestion own{id, DnsType::a, std::string(name)};
  std::string query = encode_dns_query(own, true);
  OKLO_ASSERT(query.size() == name.size() + 2 + 16 + 11);
  OKLO_ASSERT(parse_dns_response(query, own).kind == DnsAnswer::Kind::other);
  query[2] = static_cast<char>(query[2] | 0x80);
  OKLO_ASSERT(parse_dns_response(query, own).kind == DnsAnswer::Kind::no_data);
  return 0;
}
