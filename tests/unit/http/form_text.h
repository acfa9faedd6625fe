#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/form_reader.h"
#include "sys/file.h"

#include "guarded.h"

// What a file holds, from memory or from the disk.
inline std::string content_of(const oklo::FormFile& file) {
  if (file.fd() < 0) return std::string(file.bytes());
  std::string content(static_cast<size_t>(file.size()) + 1, '\0');
  for (size_t at = 0;;) {
    long got = oklo::sys::read_at(file.fd(), content.data() + at, content.size() - at, at);
    if (got > 0) at += static_cast<size_t>(got);
    if (got <= 0 || at == content.size()) return content.substr(0, at);
  }
}

// A form as text: "name=value;" for each field, "name[file name|type]content;" for each file.
inline std::string text_of(const oklo::Form& form) {
  std::string text;
  form.fields([&text](std::string_view name, std::string_view value) {
    text.append(name).append("=").append(value).append(";");
  });
  form.files([&text](const oklo::FormFile& file) {
    text.append(file.name()).append("[").append(file.file_name()).append("|").append(file.content_type());
    text.append("]").append(content_of(file)).append(";");
  });
  return text;
}

// What a body that comes in these pieces is, as text, or the status that refuses it.
inline std::string read_form(std::string_view type, const std::vector<std::string_view>& pieces,
                             const oklo::FormOptions& options = {}) {
  uint16_t status = 0;
  auto reader = oklo::http::FormReader::create(type, options, status);
  for (size_t i = 0; i < pieces.size() && status == 0; i++) {
    Guarded piece(pieces[i]);
    status = reader->take(piece.view());
  }
  if (status == 0) status = reader->finish();
  return status != 0 ? std::to_string(status) : text_of(reader->data().form());
}

// The ways in which a body may come: whole, byte by byte, in two pieces split at each place.
inline std::vector<std::vector<std::string_view>> ways(std::string_view body) {
  std::vector<std::vector<std::string_view>> all = {{body}, {}};
  for (size_t at = 0; at < body.size(); at++) {
    all[1].push_back(body.substr(at, 1));
    all.push_back({body.substr(0, at), body.substr(at)});
  }
  return all;
}
