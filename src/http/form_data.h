#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

#include <oklo/form.h>

namespace oklo::http {

// A file of a form: in `bytes`, or once it is too large for that, in `file`.
struct FormPart {
  std::string name;
  std::string file_name;
  std::string content_type;
  std::string bytes;
  sys::Fd file;
  uint64_t size = 0;
};

// What a form holds, and the limits of that. It is filled field by field and file by file, each begun,
// continued and ended before the next; then Form reads it. What answers a status answers 0 where all is well,
// else that of the answer which refuses the form: 413, or 507 or 500 where a file can't be written.
class FormData {
 public:
  // The options outlive it.
  explicit FormData(const FormOptions& options) : options_(options) {}

  uint16_t begin_field(std::string_view name);
  uint16_t begin_file(std::string_view name, std::string_view file_name, std::string_view content_type);
  uint16_t append(std::string_view bytes);
  void end();

  Form form() const { return Form(*this); }

  size_t field_count() const { return fields_.size(); }
  std::string_view name(size_t field) const;
  std::string_view value(size_t field) const;
  const std::vector<FormPart>& files() const { return files_; }

 private:
  struct Field {
    size_t at;  // in text_, where the name stands in front of the value
    uint32_t name_size;
    uint32_t value_size;
  };

  uint16_t append_value(std::string_view bytes);
  uint16_t append_file(FormPart& part, std::string_view bytes);
  long write(FormPart& part, std::string_view bytes);

  const FormOptions& options_;
  std::string text_;
  std::vector<Field> fields_;
  std::vector<FormPart> files_;
  bool in_file_ = false;
};

}  // namespace oklo::http
