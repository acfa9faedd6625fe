#include <oklo/form.h>

#include <errno.h>

#include "base/result.h"
#include "codec/file_name.h"
#include "http/form_data.h"
#include "sys/unnamed_file.h"

namespace oklo {

std::string_view FormFile::name() const { return part_->name; }
std::string_view FormFile::file_name() const { return part_->file_name; }
std::string FormFile::safe_name() const { return codec::safe_file_name(part_->file_name); }
std::string_view FormFile::content_type() const { return part_->content_type; }
uint64_t FormFile::size() const { return part_->size; }
std::string_view FormFile::bytes() const { return part_->bytes; }
int FormFile::fd() const { return part_->file.get(); }

FormSaved FormFile::save(const std::string& path, unsigned mode) const {
  if (path.find('\0') != path.npos) return {EINVAL, "cannot save a file whose path has a NUL in it"};
  long result = part_->file ? sys::save_unnamed(part_->file.get(), part_->size, path.c_str(), mode)
                            : sys::save_bytes(part_->bytes, path.c_str(), mode);
  if (result >= 0) return {};
  Error error = system_error(static_cast<int>(-result), "cannot save " + path);
  return {error.number, std::move(error.text)};
}

std::string_view Form::value(std::string_view name) const {
  for (size_t i = 0; i < data_.field_count(); i++)
    if (data_.name(i) == name) return data_.value(i);
  return {};
}

bool Form::has(std::string_view name) const {
  for (size_t i = 0; i < data_.field_count(); i++)
    if (data_.name(i) == name) return true;
  return false;
}

std::vector<std::string_view> Form::values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (size_t i = 0; i < data_.field_count(); i++)
    if (data_.name(i) == name) values.push_back(data_.value(i));
  return values;
}

void Form::fields(const Function<void(std::string_view, std::string_view)>& visit) const {
  for (size_t i = 0; i < data_.field_count(); i++) visit(data_.name(i), data_.value(i));
}

size_t Form::field_count() const { return data_.field_count(); }

std::optional<FormFile> Form::file(std::string_view name) const {
  for (const http::FormPart& part : data_.files())
    if (part.name == name) return FormFile(part);
  return std::nullopt;
}

void Form::files(const Function<void(const FormFile&)>& visit) const {
  for (const http::FormPart& part : data_.files()) visit(FormFile(part));
}

size_t Form::file_count() const { return data_.files().size(); }

}  // namespace oklo
