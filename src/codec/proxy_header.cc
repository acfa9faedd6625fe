#include "codec/proxy_header.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/number.h"

namespace oklo::codec {

namespace {

using Peer = ProxyHeader::Peer;
using State = ProxyVerdict::State;

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kFixedBytes = 16;  // of version 2: what stands in front of the addresses

ProxyVerdict bad(const char* fault) { return {State::bad, 0, fault}; }

bool may_become(std::string_view input, std::string_view start) {
  size_t size = std::min(input.size(), start.size());
  return input.substr(0, size) == start.substr(0, size);
}

// ---------------------------------------------------------------- version 1

std::string_view take_word(std::string_view& line) {
  size_t end = std::min(line.find(' '), line.size());
  std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

// Without zeros in front.
std::optional<uint16_t> parse_port(std::string_view text) {
  bool plain = text.size() <= 5 && (text == "0" || !text.starts_with('0'));
  std::optional<uint64_t> port = plain ? parse_decimal(text) : std::nullopt;
  if (!port || *port > UINT16_MAX) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

const char* parse_addresses(std::string_view line, bool v4, ProxyHeader& header) {
  auto parse_one = v4 ? parse_ipv4 : parse_ipv6;
  if (line.ends_with(' ')) return "a blank at its end";
  std::optional<Ip> source = parse_one(take_word(line));
  std::optional<Ip> destination = parse_one(take_word(line));
  if (!source || !destination) return v4 ? "no IPv4 address" : "no IPv6 address";
  std::optional<uint16_t> source_port = parse_port(take_word(line));
  std::optional<uint16_t> destination_port = parse_port(take_word(line));
  if (!source_port || !destination_port) return "no port";
  if (!line.empty()) return "more than two addresses and ports";
  header = {Peer::ip, *source, *destination, *source_port, *destination_port};
  return nullptr;
}

// Whatever stands behind UNKNOWN is to be ignored (section 2.1).
ProxyVerdict parse_line(std::string_view input, ProxyHeader& header) {
  size_t end = input.substr(0, kProxyLineBytesMax).find("\r\n");
  if (end == input.npos) {
    if (input.size() < kProxyLineBytesMax) return {};
    return bad("a line of more than 107 bytes");
  }
  std::string_view line = input.substr(kLineStart.size(), end - kLineStart.size());
  std::string_view protocol = take_word(line);
  bool v4 = protocol == "TCP4";
  header = {};
  if (v4 || protocol == "TCP6") {
    if (const char* fault = parse_addresses(line, v4, header)) return bad(fault);
  } else if (protocol != "UNKNOWN") {
    return bad("neither TCP4, TCP6 nor UNKNOWN");
  }
  return {State::complete, end + 2, nullptr};
}

// ---------------------------------------------------------------- version 2

unsigned byte_at(std::string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

uint16_t word_at(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

// CRC-32C (RFC 4960 appendix B) of a header whose four bytes at `hole` count as zeros.
uint32_t checksum(std::string_view bytes, size_t hole) {
  uint32_t sum = UINT32_MAX;
  for (size_t at = 0; at < bytes.size(); at++) {
    sum ^= at >= hole && at < hole + 4 ? 0 : byte_at(bytes, at);
    for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78u : 0);
  }
  return ~sum;
}

// What stands behind the addresses (section 2.2): of all that is there the checksum alone matters here.
const char* check_extras(std::string_view whole, size_t at) {
  constexpr unsigned kChecksum = 3;
  while (at < whole.size()) {
    if (whole.size() - at < 3) return "a cut extra";
    size_t size = word_at(whole, at + 1);
    size_t value = at + 3;
    if (whole.size() - value < size) return "a cut extra";
    if (byte_at(whole, at) == kChecksum) {
      if (size != 4) return "a checksum that is not four bytes long";
      uint32_t said = uint32_t{word_at(whole, value)} << 16 | word_at(whole, value + 2);
      if (said != checksum(whole, value)) return "a wrong checksum";
    }
    at = value + size;
  }
  return nullptr;
}

// The addresses at their place, each of `size` bytes, then the ports.
void read_addresses(std::string_view whole, size_t size, ProxyHeader& header) {
  std::string_view rest = whole.substr(kFixedBytes);
  for (Ip* ip : {&header.source, &header.destination}) {
    if (size == 4) ip->bytes[10] = ip->bytes[11] = 0xff;
    for (size_t i = 0; i < size; i++) ip->bytes[16 - size + i] = static_cast<uint8_t>(byte_at(rest, i));
    rest.remove_prefix(size);
  }
  header.peer = Peer::ip;
  header.source_port = word_at(rest, 0);
  header.destination_port = word_at(rest, 2);
}

// Of a header that is there whole, and no LOCAL one: who that sends says nothing of anybody.
const char* parse_block(std::string_view whole, ProxyHeader& header) {
  constexpr size_t kAddressBytes[] = {0, 4, 16, 108};  // of UNSPEC, INET, INET6, UNIX
  unsigned family = byte_at(whole, 13) >> 4;
  unsigned transport = byte_at(whole, 13) & 15;
  if (family > 3 || transport > 2) return "an unknown address family or transport";
  if ((family == 0) != (transport == 0))
    return "a family without a transport, or a transport without a family";
  bool has_ports = family == 1 || family == 2;
  size_t addresses_end = kFixedBytes + 2 * kAddressBytes[family] + (has_ports ? 4 : 0);
  if (whole.size() < addresses_end) return "cut addresses";
  if (has_ports) read_addresses(whole, kAddressBytes[family], header);
  if (family == 3) header.peer = Peer::unix_socket;
  return check_extras(whole, addresses_end);
}

ProxyVerdict parse_binary(std::string_view input, ProxyHeader& header) {
  if (input.size() < kFixedBytes) return {};
  constexpr unsigned kLocal = 0x20, kProxy = 0x21;
  unsigned command = byte_at(input, 12);
  if (command != kLocal && command != kProxy) return bad("an unknown version or command");
  size_t size = kFixedBytes + word_at(input, 14);
  if (size > kProxyHeaderBytesMax) return bad("more than 4096 bytes");
  if (input.size() < size) return {};
  header = {};
  const char* fault = command == kProxy ? parse_block(input.substr(0, size), header) : nullptr;
  return fault ? bad(fault) : ProxyVerdict{State::complete, size, nullptr};
}

// "::" and "0.0.0.0" are nobody's.
bool is_nobody(const Ip& ip) { return ip == Ip{} || ip == *parse_ipv4("0.0.0.0"); }

}  // namespace

ProxyVerdict parse_proxy_header(std::string_view input, ProxyHeader& header) {
  bool line = may_become(input, kLineStart);
  if (!line && !may_become(input, kSignature)) return bad("it does not begin as one");
  ProxyVerdict verdict;
  if (line && input.size() >= kLineStart.size()) verdict = parse_line(input, header);
  if (!line && input.size() >= kSignature.size()) verdict = parse_binary(input, header);
  bool of_nobody = verdict.state == State::complete && header.peer == Peer::ip && is_nobody(header.source);
  if (of_nobody) header = {};
  return verdict;
}

}  // namespace oklo::codec
