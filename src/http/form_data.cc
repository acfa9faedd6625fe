#include "http/form_data.h"

#include <errno.h>

#include "base/assert.h"
#include "sys/unnamed_file.h"

namespace oklo::http {

namespace {

constexpr uint16_t kTooLarge = 413;

// 507: there is no room. Else it is the server's own fault.
uint16_t status_of(long error) {
  return error == -ENOSPC || error == -EDQUOT || error == -EFBIG ? 507 : 500;
}

}  // namespace

uint16_t FormData::begin_field(std::string_view name) {
  in_file_ = false;
  if (fields_.size() >= options_.fields || name.size() > options_.head_bytes) return kTooLarge;
  if (name.size() > options_.fields_bytes - text_.size()) return kTooLarge;
  fields_.push_back({text_.size(), static_cast<uint32_t>(name.size()), 0});
  text_.append(name);
  return 0;
}

uint16_t FormData::begin_file(std::string_view name, std::string_view file_name,
                              std::string_view content_type) {
  in_file_ = true;
  if (files_.size() >= options_.files && !file_name.empty()) return kTooLarge;
  FormPart& part = files_.emplace_back();
  part.name = name;
  part.file_name = file_name;
  part.content_type = content_type;
  return 0;
}

uint16_t FormData::append(std::string_view bytes) {
  return in_file_ ? append_file(files_.back(), bytes) : append_value(bytes);
}

uint16_t FormData::append_value(std::string_view bytes) {
  Field& field = fields_.back();
  if (bytes.size() > options_.field_bytes - field.value_size) return kTooLarge;
  if (bytes.size() > options_.fields_bytes - text_.size()) return kTooLarge;
  text_.append(bytes);
  field.value_size += static_cast<uint32_t>(bytes.size());
  return 0;
}

uint16_t FormData::append_file(FormPart& part, std::string_view bytes) {
  if (files_.size() > options_.files) return kTooLarge;
  if (!part.file && bytes.size() <= options_.memory_bytes - part.bytes.size()) {
    part.bytes.append(bytes);
    part.size += bytes.size();
    return 0;
  }
  long result = write(part, bytes);
  if (result < 0) return status_of(result);
  part.size += bytes.size();
  return 0;
}

// What was in memory goes in front.
long FormData::write(FormPart& part, std::string_view bytes) {
  if (!part.file) {
    long result = sys::open_unnamed(options_.directory.c_str(), part.file);
    if (result >= 0) result = sys::write_at(part.file.get(), part.bytes, 0);
    if (result < 0) return result;
    part.bytes = std::string();
  }
  return sys::write_at(part.file.get(), bytes, part.size);
}

// A browser sends an input in which no file was chosen as one without a name and without content; that counts
// for no limit.
void FormData::end() {
  if (in_file_ && files_.back().file_name.empty() && files_.back().size == 0) files_.pop_back();
}

std::string_view FormData::name(size_t field) const {
  OKLO_ASSERT(field < fields_.size());
  return std::string_view(text_).substr(fields_[field].at, fields_[field].name_size);
}

std::string_view FormData::value(size_t field) const {
  OKLO_ASSERT(field < fields_.size());
  const Field& place = fields_[field];
  return std::string_view(text_).substr(place.at + place.name_size, place.value_size);
}

}  // namespace oklo::http
