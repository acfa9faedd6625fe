#include <algorithm>
#include <string>

#include "base/assert.h"
#include "codec/file_name.h"
#include "guarded.h"
#include "http/body_fields.h"
#include "http/form_reader.h"

using namespace oklo;

namespace {

// Small, so that inputs reach them. The files stay in memory.
const FormOptions kOptions{.fields = 4, .files = 3, .field_bytes = 48, .fields_bytes = 96, .head_bytes = 160,
                           .memory_bytes = 1 << 20};

void append_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(std::to_string(name.size())).append(":").append(name).append("=").append(value).append("\n");
}

std::string fields_of(const Form& form) {
  std::string text;
  size_t bytes = 0;
  form.fields([&](std::string_view name, std::string_view value) {
    OKLO_ASSERT(value.size() <= kOptions.field_bytes && form.has(name));
    bytes += name.size() + value.size();
    append_field(text, name, value);
  });
  OKLO_ASSERT(form.field_count() <= kOptions.fields && bytes <= kOptions.fields_bytes);
  return text;
}

std::string files_of(const Form& form) {
  std::string text;
  form.files([&text](const FormFile& file) {
    std::string name = file.safe_name();
    OKLO_ASSERT(!name.empty() && name.size() <= codec::kFileNameBytesMax && name[0] != '.');
    OKLO_ASSERT(name.find('/') == name.npos && name.find('\0') == name.npos);
    OKLO_ASSERT(file.size() == file.bytes().size() && file.fd() < 0);
    append_field(text, file.file_name(), file.bytes());
    append_field(text, file.name(), file.content_type());
  });
  OKLO_ASSERT(form.file_count() <= kOptions.files);
  return text;
}

struct Outcome {
  uint16_t status = 0;
  std::string fields;
  std::string files;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view type, std::string_view body, size_t piece_size) {
  Outcome outcome;
  auto reader = http::FormReader::create(type, kOptions, outcome.status);
  OKLO_ASSERT((reader == nullptr) == (outcome.status != 0));
  for (size_t at = 0; at < body.size() && outcome.status == 0; at += piece_size) {
    Guarded piece(body.substr(at, piece_size));
    outcome.status = reader->take(piece.view());
  }
  if (outcome.status == 0) outcome.status = reader->finish();
  OKLO_ASSERT(outcome.status == 0 || outcome.status == 400 || outcome.status == 413 || outcome.status == 415);
  if (outcome.status != 0) return outcome;
  outcome.fields = fields_of(reader->data().form());
  outcome.files = files_of(reader->data().form());
  return outcome;
}

}  // namespace

// The first line is a Content-Type, the rest a body. The same form comes out in whatever pieces it comes,
// within its limits; and what is a form in pieces is the same when it is walked whole.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t line = std::min(input.find('\n'), size);
  std::string_view type = input.substr(0, line);
  std::string_view body = input.substr(std::min(line + 1, size));
  Outcome whole = read(type, body, std::max<size_t>(body.size(), 1));
  OKLO_ASSERT(read(type, body, 1) == whole);
  OKLO_ASSERT(read(type, body, 5) == whole);
  std::string fields;
  bool good = http::visit_fields(type, body, [&fields](std::string_view name, std::string_view value) {
    append_field(fields, name, value);
    return true;
  });
  if (whole.status == 0) OKLO_ASSERT(good && fields == whole.fields);
  if (whole.status == 400 || whole.status == 415) OKLO_ASSERT(!good);
  return 0;
}
