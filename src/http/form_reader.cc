#include "http/form_reader.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/form.h"
#include "codec/parameters.h"

namespace oklo::http {

namespace {

using Kind = codec::MultipartEvent::Kind;

// How long a pair may be whose characters are all escaped, "%41" for "A".
uint64_t escaped_pair_bytes(const FormOptions& options) {
  return 3 * (uint64_t{options.field_bytes} + options.head_bytes) + 1;
}

}  // namespace

FormReader::FormReader(const FormOptions& options, std::string_view boundary)
    : data_(options), pair_bytes_max_(escaped_pair_bytes(options)) {
  if (!boundary.empty()) parser_.emplace(boundary, UINT32_MAX, options.head_bytes);
}

std::unique_ptr<FormReader> FormReader::create(std::string_view content_type, const FormOptions& options,
                                               uint16_t& status) {
  std::string_view media_type = codec::ParameterList(content_type).item();
  std::string boundary;
  if (equal_ignoring_case(media_type, "multipart/form-data")) {
    boundary = codec::multipart_boundary(content_type).value_or("");
    status = boundary.empty() ? 400 : 0;
  } else {
    status = equal_ignoring_case(media_type, "application/x-www-form-urlencoded") ? 0 : 415;
  }
  if (status != 0) return nullptr;
  return std::unique_ptr<FormReader>(new FormReader(options, boundary));
}

uint16_t FormReader::take(std::string_view piece) { return parser_ ? take_parts(piece) : take_pairs(piece); }

uint16_t FormReader::finish() {
  if (parser_) return parser_->finished() ? 0 : 400;
  return end_pair();
}

// ---------------------------------------------------------------- multipart

uint16_t FormReader::take_parts(std::string_view piece) {
  for (;;) {
    codec::MultipartEvent event = parser_->next(piece);
    if (event.kind == Kind::need_more) return 0;
    if (uint16_t status = take_event(event)) return status;
  }
}

uint16_t FormReader::take_event(const codec::MultipartEvent& event) {
  switch (event.kind) {
    case Kind::part_begins:
      return parser_->has_file_name()
                 ? data_.begin_file(parser_->name(), parser_->file_name(), parser_->content_type())
                 : data_.begin_field(parser_->name());
    case Kind::data:
      return data_.append(event.data);
    case Kind::part_ends:
      data_.end();
      return 0;
    default:
      return event.status;
  }
}

// ---------------------------------------------------------------- urlencoded

uint16_t FormReader::take_pairs(std::string_view piece) {
  while (!piece.empty()) {
    size_t size = std::min(piece.find('&'), piece.size());
    if (size > pair_bytes_max_ - pair_.size()) return 413;
    pair_.append(piece.substr(0, size));
    if (size == piece.size()) return 0;
    if (uint16_t status = end_pair()) return status;
    piece.remove_prefix(size + 1);
  }
  return 0;
}

uint16_t FormReader::end_pair() {
  codec::FormPairs pairs(pair_);
  codec::FormPair pair;
  if (!pairs.next(pair)) return 0;
  uint16_t status = data_.begin_field(codec::decode_form(pair.name));
  if (status == 0) status = data_.append(codec::decode_form(pair.value));
  pair_.clear();
  return status;
}

}  // namespace oklo::http
