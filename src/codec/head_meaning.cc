#include "codec/head_meaning.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/number.h"
#include "codec/characters.h"
#include "codec/field_list.h"
#include "codec/host.h"

namespace oklo::codec {
namespace {

constexpr uint64_t kLengthMax = 0x7fffffffffffffff;

constexpr uint32_t set_of(std::initializer_list<FieldId> ids) {
  uint32_t bits = 0;
  for (FieldId id : ids) bits |= field_bit(id);
  return bits;
}

// The lines from the first of a known field on to the last that may be one of its.
std::span<const Field> lines_of(const RequestHead& head, FieldId id, SeenFields fields) {
  if (!(fields.seen & field_bit(id))) return {};
  std::span<const Field> lines = head.all().subspan(head.first[static_cast<size_t>(id)] - 1u);
  return fields.repeated & field_bit(id) ? lines : lines.first(1);
}

// A field that may stand once stands more often. Two different Range fields are as good as none; a date
// that is only said twice does no harm.
Verdict read_repeated(RequestHead& head, uint32_t repeated) {
  constexpr uint32_t kOnce =
      set_of({FieldId::host, FieldId::content_length, FieldId::transfer_encoding, FieldId::content_type});
  constexpr uint32_t kDates = set_of({FieldId::if_modified_since, FieldId::if_unmodified_since});
  if (repeated & kOnce) return Verdict::repeated;
  for (const Field& field : head.all())
    if ((field_bit(field.id) & kDates & repeated) && head.value(field) != head.field(field.id))
      return Verdict::repeated;
  if (repeated & set_of({FieldId::range, FieldId::if_range}))
    head.first[static_cast<size_t>(FieldId::range)] = head.first[static_cast<size_t>(FieldId::if_range)] = 0;
  return Verdict::fine;
}

bool valid_new_host(RequestHead& head, std::string_view value) {
  if (!valid_host(value)) return false;
  if (value.size() <= head.valid_host.size()) {
    head.valid_host_size = static_cast<uint8_t>(value.size());
    std::copy(value.begin(), value.end(), head.valid_host.begin());
  }
  return true;
}

const Field& host_field(const RequestHead& head) {
  return head.fields[head.first[static_cast<size_t>(FieldId::host)] - 1u];
}

// An authority in the target wins over Host (RFC 9112 section 3.2.2).
void take_host(RequestHead& head) {
  if (head.host_size > 0) return;
  head.host_at = host_field(head).value_at;
  head.host_size = host_field(head).value_size;
}

// RFC 9112 section 3.2: HTTP/1.1 requires Host, whatever the target is.
Verdict read_host(RequestHead& head, SeenFields fields) {
  if (!(fields.seen & field_bit(FieldId::host)))
    return head.minor_version == 0 ? Verdict::fine : Verdict::host_missing;
  if (!valid_new_host(head, head.value(host_field(head)))) return Verdict::host;
  take_host(head);
  return Verdict::fine;
}

// Whether the Host that was found valid last is here again, and nothing stands twice.
inline bool plain_fields(const RequestHead& head, SeenFields fields) {
  if (fields.repeated || !(fields.seen & field_bit(FieldId::host))) return false;
  std::string_view value = head.value(host_field(head));
  return !value.empty() && value.size() == head.valid_host_size &&
         same_text(value.data(), head.valid_host.data(), value.size());
}

// Digits alone. A zero in front is refused, because some read the number as octal then.
Verdict read_content_length(RequestHead& head, SeenFields fields) {
  if (fields.seen & field_bit(FieldId::transfer_encoding)) return Verdict::length_and_coding;
  std::string_view value = head.field(FieldId::content_length);
  if (value.size() > 1 && value.front() == '0') return Verdict::length;
  std::optional<uint64_t> length = parse_decimal(value);
  if (!length || *length > kLengthMax) return Verdict::length;
  head.content_length = *length;
  head.has_content_length = true;
  return Verdict::fine;
}

// RFC 9112 section 6.1. Only chunked is known; it must be the last and stand once.
Verdict read_transfer_encoding(RequestHead& head) {
  if (head.minor_version == 0) return Verdict::coding_old;
  std::string_view rest = head.field(FieldId::transfer_encoding);
  bool chunked = false;
  for (int codings = 1;; codings++) {
    if (chunked) return Verdict::coding;
    size_t comma = std::min(rest.find(','), rest.size());
    std::string_view coding = trim(rest.substr(0, comma));
    const char* coding_end = coding.data() + coding.size();
    if (coding.empty() || skip_token(coding.data(), coding_end) != coding_end) return Verdict::coding;
    chunked = equal_ignoring_case(coding, "chunked");
    if (comma < rest.size()) {
      rest.remove_prefix(comma + 1);
      continue;
    }
    head.chunked = chunked && codings == 1;
    if (head.chunked) return Verdict::fine;
    return chunked || codings == 1 ? Verdict::coding_unknown : Verdict::coding;
  }
}

// Returns whether keep-alive is among the tokens.
bool read_connection(RequestHead& head, std::string_view value) {
  if (value == "keep-alive") return true;
  bool persist = false;
  FieldList list(value);
  std::string_view token;
  while (list.next(token)) {
    if (equal_ignoring_case(token, "keep-alive")) persist = true;
    if (equal_ignoring_case(token, "close")) head.close_asked = true;
    if (equal_ignoring_case(token, "upgrade")) head.upgrade_asked = head.minor_version > 0;
  }
  return persist;
}

// The fields that say how the body is framed and how the connection goes on. HTTP/1.0 knows neither upgrade
// nor expectations (RFC 9110 sections 7.8 and 10.1.1).
[[gnu::noinline]] Verdict read_others(RequestHead& head, SeenFields fields) {
  Verdict verdict = Verdict::fine;
  if (fields.seen & field_bit(FieldId::content_length)) verdict = read_content_length(head, fields);
  else if (fields.seen & field_bit(FieldId::transfer_encoding)) verdict = read_transfer_encoding(head);
  if (verdict != Verdict::fine) return verdict;
  for (const Field& field : lines_of(head, FieldId::connection, fields))
    if (field.id == FieldId::connection) head.keep_alive |= read_connection(head, head.value(field));
  if (head.close_asked) head.keep_alive = false;
  for (const Field& field : lines_of(head, FieldId::expect, fields)) {
    if (field.id != FieldId::expect || head.minor_version == 0) continue;
    if (!equal_ignoring_case(head.value(field), "100-continue")) return Verdict::expectation;
    head.expect_continue = true;
  }
  return Verdict::fine;
}

[[gnu::noinline]] Verdict read_any(RequestHead& head, SeenFields fields) {
  Verdict verdict = fields.repeated ? read_repeated(head, fields.repeated) : Verdict::fine;
  if (verdict == Verdict::fine) verdict = read_host(head, fields);
  return verdict == Verdict::fine ? read_others(head, fields) : verdict;
}

}  // namespace

Verdict read_meaning(RequestHead& head, SeenFields fields) {
  constexpr uint32_t kOthers =
      set_of({FieldId::content_length, FieldId::transfer_encoding, FieldId::connection, FieldId::expect});
  head.content_length = 0;
  head.has_content_length = head.chunked = false;
  head.close_asked = head.upgrade_asked = head.expect_continue = false;
  head.keep_alive = head.minor_version > 0;
  if (!plain_fields(head, fields)) return read_any(head, fields);
  take_host(head);
  return fields.seen & kOthers ? read_others(head, fields) : Verdict::fine;
}

}  // namespace oklo::codec
