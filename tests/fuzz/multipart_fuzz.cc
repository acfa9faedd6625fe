#include "codec/multipart.h"

#include <algorithm>
#include <vector>

#include "base/assert.h"
#include "guarded.h"

using namespace oklo::codec;

namespace {

using Kind = MultipartEvent::Kind;

constexpr uint32_t kPartsMax = 6;

struct Part {
  std::string name;
  std::string file_name;
  std::string content_type;
  bool has_file_name = false;
  bool ended = false;
  std::string content;
  bool operator==(const Part&) const = default;
};

struct Outcome {
  std::vector<Part> parts;
  uint16_t status = 0;
  bool finished = false;
  bool operator==(const Outcome&) const = default;
};

void take(const MultipartParser& parser, const MultipartEvent& event, Outcome& outcome) {
  bool in_part = !outcome.parts.empty() && !outcome.parts.back().ended;
  OKLO_ASSERT(!outcome.finished && in_part == (event.kind == Kind::data || event.kind == Kind::part_ends));
  switch (event.kind) {
    case Kind::part_begins:
      outcome.parts.push_back({std::string(parser.name()), std::string(parser.file_name()),
                               std::string(parser.content_type()), parser.has_file_name(), false, ""});
      break;
    case Kind::data:
      OKLO_ASSERT(!event.data.empty());
      outcome.parts.back().content.append(event.data);
      break;
    case Kind::part_ends:
      outcome.parts.back().ended = true;
      break;
    default:
      outcome.finished = true;
  }
}

Outcome parse(std::string_view text, std::string_view boundary, size_t piece_size) {
  Guarded guarded(text);
  std::string_view body = guarded.view();
  MultipartParser parser(boundary, kPartsMax);
  Outcome outcome;
  for (size_t at = 0; at < body.size() && outcome.status == 0; at += piece_size) {
    std::string_view bytes = body.substr(at, piece_size);
    for (;;) {
      MultipartEvent event = parser.next(bytes);
      OKLO_ASSERT((event.kind == Kind::bad) == (event.status >= 400));
      outcome.status = event.status;
      if (event.kind == Kind::bad || event.kind == Kind::need_more) break;
      take(parser, event, outcome);
    }
    OKLO_ASSERT(outcome.status != 0 || bytes.empty());
  }
  OKLO_ASSERT(parser.finished() == outcome.finished);
  return outcome;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string written(const std::vector<Part>& parts, const std::string& boundary) {
  std::string body;
  for (const Part& part : parts) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=" + quoted(part.name);
    if (part.has_file_name) body += "; filename=" + quoted(part.file_name);
    body += "\r\nContent-Type: " + part.content_type + "\r\n\r\n" + part.content + "\r\n";
  }
  return body + "--" + boundary + "--";
}

}  // namespace

// The first line is a Content-Type, the rest a body. The same comes out in whatever pieces it comes, no
// content holds the boundary, and a body that was taken apart can be written again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t line = std::min(input.find('\n'), size);
  std::string boundary = multipart_boundary(input.substr(0, line)).value_or("b");
  OKLO_ASSERT(!boundary.empty() && boundary.size() <= kBoundaryBytesMax);
  std::string_view body = input.substr(std::min(line + 1, size));
  Outcome whole = parse(body, boundary, std::max<size_t>(body.size(), 1));
  OKLO_ASSERT(whole.parts.size() <= kPartsMax);
  OKLO_ASSERT(parse(body, boundary, 1) == whole);
  OKLO_ASSERT(parse(body, boundary, 5) == whole);
  for (const Part& part : whole.parts)
    OKLO_ASSERT(("\r\n" + part.content).find("\r\n--" + boundary) == std::string::npos);
  if (!whole.finished) return 0;
  std::string again = written(whole.parts, boundary);
  OKLO_ASSERT(parse(again, boundary, again.size()) == whole);
  return 0;
}
