#include "codec/multipart.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/assert.h"
#include "codec/characters.h"
#include "codec/parameters.h"

namespace oklo::codec {
namespace {

using Kind = MultipartEvent::Kind;

struct Refusal {
  uint16_t status;
  const char* reason;
};

// In the order of Fault.
constexpr Refusal kRefusals[] = {
    {0, ""},
    {400, "bad line with a multipart boundary"},
    {400, "bad header of a part"},
    {413, "header of a part too large"},
    {400, "part without a name"},
    {413, "too many parts"},
};

constexpr std::string_view kLineEnd = "\r\n";

// bchars of RFC 2046 section 5.1.1.
bool is_boundary_char(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

bool valid_boundary(std::string_view boundary) {
  return !boundary.empty() && boundary.size() <= kBoundaryBytesMax && boundary.back() != ' ' &&
         std::all_of(boundary.begin(), boundary.end(), is_boundary_char);
}

MultipartEvent event_of(Kind kind, std::string_view data = {}) {
  MultipartEvent event;
  event.kind = kind;
  event.data = data;
  return event;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  ParameterList list(content_type);
  if (!equal_ignoring_case(list.item(), "multipart/form-data")) return std::nullopt;
  std::string boundary;
  Parameter parameter;
  while (list.next(parameter)) {
    if (!equal_ignoring_case(parameter.name, "boundary")) continue;
    if (!boundary.empty() || !valid_boundary(parameter.value)) return std::nullopt;
    boundary = parameter.value;
  }
  if (list.bad() || boundary.empty()) return std::nullopt;
  return boundary;
}

MultipartParser::MultipartParser(std::string_view boundary, uint32_t parts_max, size_t header_bytes_max)
    : parts_left_(parts_max), header_bytes_max_(std::min(header_bytes_max, kHeaderBytesMax)) {
  OKLO_ASSERT(valid_boundary(boundary));
  delimiter_.append("\r\n--").append(boundary);
}

MultipartEvent MultipartParser::next(std::string_view& bytes) {
  MultipartEvent event;
  while (event.kind == Kind::need_more && !bytes.empty() && step_ != Step::bad) {
    switch (step_) {
      case Step::search:
        event = search(bytes);
        break;
      case Step::header:
        event = take_header(bytes);
        break;
      case Step::done:
        bytes = {};
        break;
      default:
        event = take_tail(bytes.front());
        bytes.remove_prefix(1);
    }
  }
  return step_ == Step::bad ? fail(fault_) : event;
}

MultipartEvent MultipartParser::fail(Fault fault) {
  step_ = Step::bad;
  fault_ = fault;
  MultipartEvent event = event_of(Kind::bad);
  event.status = kRefusals[static_cast<size_t>(fault)].status;
  event.reason = kRefusals[static_cast<size_t>(fault)].reason;
  return event;
}

// What comes before a delimiter is the content of a part, or a preamble, which nobody reads.
MultipartEvent MultipartParser::search(std::string_view& bytes) {
  size_t size = matched_ > 0 ? 0 : data_size(bytes);
  if (size == 0) return match_delimiter(bytes);
  std::string_view data = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return in_part_ ? event_of(Kind::data, data) : MultipartEvent();
}

// How many bytes stand before a delimiter, or before what may become one with the next bytes.
size_t MultipartParser::data_size(std::string_view bytes) const {
  for (size_t at = 0; (at = bytes.find('\r', at)) != std::string_view::npos; at++)
    if (delimiter_.starts_with(bytes.substr(at, delimiter_.size()))) return at;
  return bytes.size();
}

// Goes on with a delimiter. Where it turns out to be none, what was held back is content; only the first
// byte of a delimiter is a CR, so no other one can have begun within it.
MultipartEvent MultipartParser::match_delimiter(std::string_view& bytes) {
  std::string_view wanted = std::string_view(delimiter_).substr(matched_, bytes.size());
  if (bytes.starts_with(wanted)) {
    bytes.remove_prefix(wanted.size());
    matched_ = static_cast<uint8_t>(matched_ + wanted.size());
    return matched_ < delimiter_.size() ? MultipartEvent() : end_part();
  }
  std::string_view held = std::string_view(delimiter_).substr(implied_, matched_ - implied_);
  matched_ = implied_ = 0;
  return in_part_ && !held.empty() ? event_of(Kind::data, held) : MultipartEvent();
}

// A whole delimiter has come.
MultipartEvent MultipartParser::end_part() {
  matched_ = implied_ = 0;
  step_ = Step::tail;
  bool ends = in_part_;
  in_part_ = false;
  return ends ? event_of(Kind::part_ends) : MultipartEvent();
}

// What stands behind the boundary in its line: two dashes where it is the last one, blanks, the line's end.
MultipartEvent MultipartParser::take_tail(char c) {
  if (step_ == Step::dash) {
    if (c != '-') return fail(Fault::boundary_line);
    step_ = Step::done;
    return event_of(Kind::all_ends);
  }
  if (step_ == Step::line_feed) {
    if (c != '\n') return fail(Fault::boundary_line);
    header_.clear();
    step_ = Step::header;
    return {};
  }
  if (c == '\r') step_ = Step::line_feed;
  else if (c == ' ' || c == '\t') step_ = Step::padding;
  else if (c == '-' && step_ == Step::tail) step_ = Step::dash;
  else return fail(Fault::boundary_line);
  return {};
}

// Takes one line of a part's header, or as much of it as is there.
MultipartEvent MultipartParser::take_header(std::string_view& bytes) {
  size_t newline = bytes.find('\n');
  bool whole = newline != std::string_view::npos;
  std::string_view taken = bytes.substr(0, whole ? newline + 1 : bytes.size());
  if (taken.size() > header_bytes_max_ - header_.size()) return fail(Fault::header_large);
  header_.append(taken);
  bytes.remove_prefix(taken.size());
  if (!whole) return {};
  if (!header_.ends_with(kLineEnd)) return fail(Fault::header);
  return header_ == kLineEnd || header_.ends_with("\r\n\r\n") ? begin_part() : MultipartEvent();
}

// The line break of the empty line may be that of a delimiter too: then the part has no content.
MultipartEvent MultipartParser::begin_part() {
  if (parts_left_ == 0) return fail(Fault::parts);
  parts_left_--;
  if (Fault fault = read_header(); fault != Fault::none) return fail(fault);
  in_part_ = true;
  matched_ = implied_ = static_cast<uint8_t>(kLineEnd.size());
  step_ = Step::search;
  return event_of(Kind::part_begins);
}

MultipartParser::Fault MultipartParser::read_header() {
  has_disposition_ = has_content_type_ = has_file_name_ = false;
  name_.clear();
  file_name_.clear();
  content_type_.clear();
  for (std::string_view rest = header_; rest.size() > kLineEnd.size();) {
    size_t size = rest.find(kLineEnd);
    if (Fault fault = read_line(rest.substr(0, size)); fault != Fault::none) return fault;
    rest.remove_prefix(size + kLineEnd.size());
  }
  return has_disposition_ ? Fault::none : Fault::disposition;
}

// A folded line begins with a blank, which no name does.
MultipartParser::Fault MultipartParser::read_line(std::string_view line) {
  size_t colon = std::min(line.find(':'), line.size());
  std::string_view name = line.substr(0, colon);
  std::string_view value = trim(line.substr(std::min(colon + 1, line.size())));
  const char* name_end = name.data() + name.size();
  const char* value_end = value.data() + value.size();
  if (colon == line.size() || name.empty() || skip_token(name.data(), name_end) != name_end ||
      skip_value(value.data(), value_end) != value_end)
    return Fault::header;
  if (equal_ignoring_case(name, "content-disposition")) return read_disposition(value);
  if (!equal_ignoring_case(name, "content-type")) return Fault::none;
  if (has_content_type_) return Fault::header;
  has_content_type_ = true;
  content_type_ = value;
  return Fault::none;
}

// RFC 7578 section 4.2. A "filename*" must not be used there, so it is passed over.
MultipartParser::Fault MultipartParser::read_disposition(std::string_view value) {
  ParameterList list(value);
  if (has_disposition_ || !equal_ignoring_case(list.item(), "form-data")) return Fault::disposition;
  bool has_name = false;
  Parameter parameter;
  while (list.next(parameter)) {
    bool is_name = equal_ignoring_case(parameter.name, "name");
    if (!is_name && !equal_ignoring_case(parameter.name, "filename")) continue;
    bool& seen = is_name ? has_name : has_file_name_;
    if (seen) return Fault::disposition;
    seen = true;
    (is_name ? name_ : file_name_) = unescape_quoted(parameter.value);
  }
  has_disposition_ = has_name && !list.bad();
  return has_disposition_ ? Fault::none : Fault::disposition;
}

}  // namespace oklo::codec
