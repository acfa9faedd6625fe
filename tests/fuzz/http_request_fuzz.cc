#include "codec/http_request.h"

#include <cstring>
#include <memory>
#include <string>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;

namespace {

using Kind = ParseOutcome::Kind;

constexpr HeadLimits kLimits{.request_line_bytes = 512, .fields_bytes = 1024, .fields_count = 8};

void check_inside(uint32_t at, uint32_t bytes, const RequestHead& head) {
  OKLO_ASSERT(size_t{at} + bytes <= head.size);
}

// All that a head points at lies in it, and its numbers agree with each other.
void check_head(const RequestHead& head, size_t size) {
  OKLO_ASSERT(head.size <= size && head.field_count <= kLimits.fields_count);
  check_inside(head.target_at, head.target_size, head);
  check_inside(head.path_at, head.path_size, head);
  check_inside(head.query_at, head.query_size, head);
  check_inside(head.host_at, head.host_size, head);
  OKLO_ASSERT(head.method == Method::connect || head.path() == "*" || head.path().front() == '/');
  OKLO_ASSERT(!head.chunked || !head.has_content_length);
  OKLO_ASSERT(!head.close_asked || !head.keep_alive);
  OKLO_ASSERT(head.minor_version == 0 || head.has(FieldId::host));
  for (const Field& field : head.all()) {
    check_inside(field.name_at, field.name_size, head);
    check_inside(field.value_at, field.value_size, head);
    OKLO_ASSERT(field.name_size > 0 && head.value(field).find_first_of("\r\n") == std::string_view::npos);
    OKLO_ASSERT(head.find(head.name(field)).data() != nullptr);
  }
}

std::string meaning(const RequestHead& head) {
  std::string text(method_name(head.method));
  for (std::string_view part : {head.target(), head.path(), head.query(), head.host()})
    text.append(part) += '\n';
  for (const Field& field : head.all()) text.append(head.name(field)).append(head.value(field)) += '\n';
  return text + std::to_string(head.content_length) + std::to_string(head.chunked) +
         std::to_string(head.size);
}

}  // namespace

// A prefix of a head is never taken for a whole one that means something else, one that is refused stays
// refused, and what comes in parts means what it means at once.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto head = std::make_unique<RequestHead>();
  Guarded whole(input);
  ParseOutcome outcome = parse_request_head({whole.data(), size}, kLimits, *head);
  std::string meant;
  if (outcome.kind == Kind::complete) {
    check_head(*head, size);
    meant = meaning(*head);
  }
  OKLO_ASSERT((outcome.kind == Kind::bad) == (outcome.status >= 400));
  size_t last = outcome.kind == Kind::complete ? head->size : size;
  for (size_t part : {size_t{0}, last / 3, last / 2, last > 0 ? last - 1 : 0, last}) {
    Guarded bytes(input);
    ParseOutcome before = parse_request_head({bytes.data(), part}, kLimits, *head);
    if (before.kind == Kind::bad) OKLO_ASSERT(outcome.kind == Kind::bad && before.status == outcome.status);
    if (before.kind == Kind::complete) OKLO_ASSERT(part == last && meaning(*head) == meant);
    ParseOutcome after = parse_request_head({bytes.data(), size}, kLimits, *head);
    OKLO_ASSERT(after.kind == outcome.kind && after.status == outcome.status);
    if (after.kind == Kind::complete) OKLO_ASSERT(meaning(*head) == meant);
  }
  return 0;
}
