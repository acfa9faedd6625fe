#include "http/body_fields.h"

#include <cstdint>
#include <optional>
#include <string>

#include "base/ascii.h"
#include "codec/form.h"
#include "codec/multipart.h"
#include "codec/parameters.h"

namespace oklo::http {

namespace {

using Kind = codec::MultipartEvent::Kind;

bool visit_parts(std::string_view boundary, std::string_view body, const FieldVisitor& visit) {
  codec::MultipartParser parser(boundary, UINT32_MAX);
  std::string value;
  for (;;) {
    codec::MultipartEvent event = parser.next(body);
    if (event.kind == Kind::bad) return false;
    if (event.kind == Kind::need_more) return parser.finished();
    if (event.kind == Kind::part_begins) value.clear();
    if (parser.has_file_name()) continue;
    if (event.kind == Kind::data) value.append(event.data);
    if (event.kind == Kind::part_ends && !visit(parser.name(), value)) return true;
  }
}

}  // namespace

void visit_pairs(std::string_view text, const FieldVisitor& visit) {
  codec::FormPairs pairs(text);
  codec::FormPair pair;
  while (pairs.next(pair))
    if (!visit(codec::decode_form(pair.name), codec::decode_form(pair.value))) return;
}

bool visit_fields(std::string_view content_type, std::string_view body, const FieldVisitor& visit) {
  std::string_view media_type = codec::ParameterList(content_type).item();
  if (equal_ignoring_case(media_type, "application/x-www-form-urlencoded")) {
    visit_pairs(body, visit);
    return true;
  }
  std::optional<std::string> boundary = codec::multipart_boundary(content_type);
  return boundary && visit_parts(*boundary, body, visit);
}

}  // namespace oklo::http
