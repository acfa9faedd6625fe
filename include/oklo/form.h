#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/function.h>

namespace oklo {

namespace http {
class FormData;
struct FormPart;
}

class Request;
class Response;

// What Router::form takes of one form. What goes over a limit is answered with 413, and the connection
// closes. In memory one form takes at most about twice as much as fields_bytes and, for each file,
// memory_bytes and head_bytes; on disk at most HttpLimits::upload_bytes. Sizes are bytes.
struct FormOptions {
  uint32_t fields = 1000;             // how many
  uint32_t files = 20;                // how many
  uint32_t field_bytes = 64 * 1024;   // of one value
  uint32_t fields_bytes = 1 << 20;    // of all names and values together
  uint32_t head_bytes = 4096;         // of the header of a part (names included), or of a name; at most 8192
  uint32_t memory_bytes = 64 * 1024;  // a file up to this size stays in memory
  // Where the larger ones lie, a path from the root that the workers may write to. They have no name there
  // and are gone when the request is over, whatever becomes of the worker (open(2), O_TMPFILE). Where /tmp is
  // a tmpfs, it is memory.
  std::string directory = "/tmp";
};

// Whether a file was saved, or why not.
struct [[nodiscard]] FormSaved {
  int number = 0;      // of errno(3): EEXIST where the name is taken
  std::string reason;  // one sentence; empty when it was saved
  explicit operator bool() const { return reason.empty(); }
};

// One file of a form, borrowed: it, and all that it gives, live until the handler returns.
class FormFile {
 public:
  // The name of the input in the form.
  std::string_view name() const;
  // What the client calls the file, as it was sent. Not to be trusted: it may hold "../", control characters,
  // anything. Browsers write a quote as %22 and line ends as %0D and %0A in it (RFC 7578 section 4.2).
  std::string_view file_name() const;
  // The same, fit to be a name in a directory: its last part with all that is unusual made '_', never empty,
  // never hidden, at most 128 bytes. Two files may well have the same.
  std::string safe_name() const;
  // The media type that the client gave, which need not be true; empty when it gave none.
  std::string_view content_type() const;
  // In bytes.
  uint64_t size() const;

  // The content, where it is in memory (FormOptions::memory_bytes), else empty.
  std::string_view bytes() const;
  // Where it is not: an open file, to read from its beginning; else -1. It belongs to the form.
  int fd() const;

  // Keeps the file under that name with those rights, whatever the umask is. The name must be free: neither a
  // file nor a symbolic link there is followed or overwritten. A large file is linked, at no cost, where
  // FormOptions::directory is in the same file system, else copied, for which all connections of the worker
  // wait; a second time it is copied always. It is not synchronized to the disk.
  FormSaved save(const std::string& path, unsigned mode = 0600) const;

 private:
  friend class Form;
  explicit FormFile(const http::FormPart& part) : part_(&part) {}
  const http::FormPart* part_;
};

// A form that was sent, whole and within its limits; borrowed until the handler returns.
class Form {
 public:
  // The value of the first field with that name, empty when there is none; whether there is one.
  std::string_view value(std::string_view name) const;
  bool has(std::string_view name) const;
  // The values of all fields with that name.
  std::vector<std::string_view> values(std::string_view name) const;
  // All fields in the order in which they were sent.
  void fields(const Function<void(std::string_view name, std::string_view value)>& visit) const;
  size_t field_count() const;

  // The first file of the input with that name; all files in the order in which they were sent. An input in
  // which nothing was chosen has none.
  std::optional<FormFile> file(std::string_view name) const;
  void files(const Function<void(const FormFile&)>& visit) const;
  size_t file_count() const;

 private:
  friend class http::FormData;
  explicit Form(const http::FormData& data) : data_(data) {}
  Form(const Form&) = delete;
  const http::FormData& data_;
};

// Answers a form.
using FormHandler = Function<void(const Request&, const Form&, Response&)>;

}  // namespace oklo
