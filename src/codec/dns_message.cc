#include "codec/dns_message.h"

#include <algorithm>
#include <cstring>

#include "base/ascii.h"

namespace oklo::codec {
namespace {

constexpr size_t kHeaderBytes = 12;
constexpr size_t kLabelBytesMax = 63;
constexpr size_t kWireNameBytesMax = 255;  // RFC 1035 section 3.1
constexpr int kPointersMax = 127;          // of one name: it has no more labels
constexpr uint16_t kInternet = 1;
constexpr uint16_t kAlias = 5;
constexpr uint16_t kAuthority = 6;
constexpr uint16_t kOptions = 41;
constexpr unsigned kIsResponse = 0x8000;
constexpr unsigned kOpcode = 0x7800;
constexpr unsigned kTruncated = 0x0200;
constexpr unsigned kRecursionDesired = 0x0100;
constexpr unsigned kCode = 0x000f;

void append_word(std::string& out, unsigned word) {
  out.push_back(static_cast<char>(word >> 8));
  out.push_back(static_cast<char>(word));
}

// The labels, each behind its length, in lower case: two names are the same when this is.
std::string wire_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view label = text.substr(0, text.find('.'));
    text.remove_prefix(std::min(label.size() + 1, text.size()));
    out.push_back(static_cast<char>(label.size()));
    for (char c : label) out.push_back(to_lower(c));
  }
  out.push_back('\0');
  return out;
}

// Takes a message from its front. What goes past the end gives zeros, and is known at the end.
class Reader {
 public:
  explicit Reader(std::string_view message, size_t at = 0) : message_(message), at_(at) {}

  bool ok() const { return ok_; }
  size_t at() const { return at_; }

  std::string_view bytes(size_t count) {
    if (!ok_ || count > message_.size() - at_) return fail();
    at_ += count;
    return message_.substr(at_ - count, count);
  }
  uint8_t byte() {
    std::string_view one = bytes(1);
    return one.empty() ? uint8_t{0} : static_cast<uint8_t>(one[0]);
  }
  uint16_t word() {
    unsigned high = byte();
    return static_cast<uint16_t>(high << 8 | byte());
  }
  uint32_t number() {
    uint32_t high = word();
    return high << 16 | word();
  }
  std::string name();

 private:
  std::string_view fail() {
    ok_ = false;
    return {};
  }

  std::string_view message_;
  size_t at_;
  bool ok_ = true;
};

// A pointer must lead to a place in front of all that was read of the name, so there are no loops.
std::string Reader::name() {
  std::string name;
  size_t start = at_;
  size_t behind = 0;  // the first pointer, where the name ends in the place it is used
  for (int pointers = 0; ok_;) {
    uint8_t length = byte();
    if (length >= 0xc0) {
      size_t target = (length & 0x3fu) << 8 | byte();
      if (!behind) behind = at_;
      if (target < kHeaderBytes || target >= start || ++pointers > kPointersMax) fail();
      else at_ = start = target;
      continue;
    }
    if (length > kLabelBytesMax || name.size() + 1 + length > kWireNameBytesMax) fail();
    name.push_back(static_cast<char>(length));
    for (char c : bytes(length)) name.push_back(to_lower(c));
    if (length == 0) break;
  }
  if (behind) at_ = behind;
  return name;
}

struct Record {
  std::string owner;
  uint16_t type = 0;
  uint16_t of_class = 0;
  uint32_t ttl_s = 0;
  size_t at = 0;  // of its data
  std::string_view data;
};

Record read_record(Reader& reader) {
  Record record;
  record.owner = reader.name();
  record.type = reader.word();
  record.of_class = reader.word();
  record.ttl_s = reader.number();
  size_t size = reader.word();
  record.at = reader.at();
  record.data = reader.bytes(size);
  return record;
}

// The sections behind the question.
struct Sections {
  std::vector<Record> answers;
  uint32_t negative_ttl_s = 0;
  unsigned code_above = 0;  // the upper bits of the code, RFC 6891 section 6.1.3
  bool ok = false;
};

// The highest bit is no part of it (RFC 2181 section 8).
uint32_t ttl_of(const Record& record) { return record.ttl_s >> 31 ? 0 : record.ttl_s; }

// How long it holds that there is nothing, RFC 2308 section 5.
bool read_authority(std::string_view message, const Record& record, Sections& out) {
  Reader reader(message, record.at);
  reader.name();
  reader.name();
  reader.bytes(16);
  uint32_t minimum = reader.number();
  out.negative_ttl_s = std::min(ttl_of(record), minimum);
  return reader.ok() && reader.at() == record.at + record.data.size();
}

bool right_size(const Record& record) {
  if (record.of_class != kInternet) return true;
  if (record.type == static_cast<uint16_t>(DnsType::a)) return record.data.size() == 4;
  return record.type != static_cast<uint16_t>(DnsType::aaaa) || record.data.size() == 16;
}

Sections read_sections(std::string_view message, Reader reader, size_t answers, size_t authority,
                       size_t additional) {
  Sections out;
  if (answers + authority + additional > kDnsRecordsMax) return out;
  for (size_t i = 0; i < answers && reader.ok(); i++) {
    out.answers.push_back(read_record(reader));
    if (!right_size(out.answers.back())) return out;
  }
  for (size_t i = 0; i < authority && reader.ok(); i++) {
    Record record = read_record(reader);
    bool counts = reader.ok() && record.type == kAuthority && record.of_class == kInternet;
    if (counts && !read_authority(message, record, out)) return out;
  }
  for (size_t i = 0; i < additional && reader.ok(); i++) {
    Record record = read_record(reader);
    if (record.type == kOptions) out.code_above = record.ttl_s >> 24;
  }
  out.ok = reader.ok() && reader.at() == message.size();
  return out;
}

const Record* find_alias(const Sections& sections, std::string_view owner) {
  for (const Record& record : sections.answers)
    if (record.type == kAlias && record.of_class == kInternet && record.owner == owner) return &record;
  return nullptr;
}

std::array<uint8_t, 16> address_of(const Record& record) {
  std::array<uint8_t, 16> ip = {};
  if (record.data.size() == 4) ip[10] = ip[11] = 0xff;
  std::memcpy(ip.data() + (ip.size() - record.data.size()), record.data.data(), record.data.size());
  return ip;
}

// Goes from alias to alias, and takes the addresses of the last name.
DnsAnswer read_addresses(std::string_view message, const Sections& sections, const DnsQuestion& question) {
  DnsAnswer answer{DnsAnswer::Kind::addresses, UINT32_MAX};
  std::string name = wire_name(question.name);
  for (int aliases = 0; const Record* alias = find_alias(sections, name); aliases++) {
    Reader reader(message, alias->at);
    name = reader.name();
    bool whole = reader.ok() && reader.at() == alias->at + alias->data.size();
    if (!whole || aliases == kDnsAliasesMax) return {DnsAnswer::Kind::malformed};
    answer.ttl_s = std::min(answer.ttl_s, ttl_of(*alias));
  }
  for (const Record& record : sections.answers) {
    bool wanted = record.type == static_cast<uint16_t>(question.type) && record.of_class == kInternet;
    if (!wanted || record.owner != name || answer.addresses.size() == kDnsAddressesMax) continue;
    answer.ttl_s = std::min(answer.ttl_s, ttl_of(record));
    answer.addresses.push_back(address_of(record));
  }
  if (answer.addresses.empty()) return {DnsAnswer::Kind::no_data, sections.negative_ttl_s};
  return answer;
}

// RFC 1035 section 4.1.1; NOERROR and NXDOMAIN are told by the sections.
DnsAnswer::Kind kind_of_code(unsigned code) {
  constexpr unsigned kFormatError = 1, kNotImplemented = 4;
  bool format = code == kFormatError || code == kNotImplemented;
  return format ? DnsAnswer::Kind::format_error : DnsAnswer::Kind::server_failed;
}

}  // namespace

const char* dns_name_fault(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kDnsNameBytesMax) return "has more than 253 characters";
  size_t label = 0;
  for (char c : name) {
    if (c == '.' && label == 0) return "has an empty label";
    label = c == '.' ? 0 : label + 1;
    if (label > kLabelBytesMax) return "has a label of more than 63 characters";
    if (c == '.' || is_alpha(c) || is_digit(c) || c == '-' || c == '_') continue;
    bool ascii = static_cast<unsigned char>(c) < 0x80;
    if (!ascii) return "is not ASCII; write it as it stands in the DNS, xn--...";
    return "has a character that no host name has";
  }
  return label == 0 ? "has an empty label" : nullptr;
}

std::string encode_dns_query(const DnsQuestion& question, bool with_edns) {
  std::string out;
  append_word(out, question.id);
  append_word(out, kRecursionDesired);
  for (unsigned count : {1u, 0u, 0u, with_edns ? 1u : 0u}) append_word(out, count);
  out += wire_name(question.name);
  append_word(out, static_cast<uint16_t>(question.type));
  append_word(out, kInternet);
  if (!with_edns) return out;
  out.push_back('\0');  // the root
  append_word(out, kOptions);
  append_word(out, kDnsPacketBytesMax);
  out.append(6, '\0');  // code and version, flags, no options
  return out;
}

DnsAnswer parse_dns_response(std::string_view bytes, const DnsQuestion& question) {
  using Kind = DnsAnswer::Kind;
  Reader reader(bytes);
  uint16_t id = reader.word();
  unsigned flags = reader.word();
  size_t questions = reader.word(), answers = reader.word();
  size_t authority = reader.word(), additional = reader.word();
  constexpr unsigned kNoName = 3;
  unsigned code = flags & kCode;
  bool failed = code != 0 && code != kNoName;
  if (!reader.ok() || id != question.id || (flags & (kIsResponse | kOpcode)) != kIsResponse) return {};
  // A server that could not read the query may not repeat it.
  if (questions == 0 && failed) return {kind_of_code(code)};
  bool same = questions == 1 && reader.name() == wire_name(question.name) &&
              reader.word() == static_cast<uint16_t>(question.type) && reader.word() == kInternet;
  if (!same || !reader.ok()) return {};
  if (flags & kTruncated) return {Kind::truncated};
  if (failed) return {kind_of_code(code)};
  Sections sections = read_sections(bytes, reader, answers, authority, additional);
  if (!sections.ok) return {Kind::malformed};
  if (sections.code_above != 0) return {Kind::server_failed};
  if (code == kNoName) return {Kind::no_name, sections.negative_ttl_s};
  return read_addresses(bytes, sections, question);
}

}  // namespace oklo::codec
