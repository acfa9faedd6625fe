#include "base/embedded.h"

#include "base/assert.h"

namespace oklo {

namespace {

// Walks the packed bytes. They are the program's own, so one that leads out of them is a bug.
class Unpacker {
 public:
  explicit Unpacker(const EmbeddedFile& file) : file_(file) { out_.reserve(file.size); }

  std::string run() {
    while (out_.size() < file_.size) {
      unsigned flags = next();
      for (int i = 0; i < 8 && out_.size() < file_.size; i++, flags >>= 1)
        if (flags & 1) repeat();
        else out_ += static_cast<char>(next());
    }
    return std::move(out_);
  }

 private:
  unsigned next() {
    OKLO_ASSERT(at_ < file_.packed.size());
    return static_cast<unsigned char>(file_.packed[at_++]);
  }

  void repeat() {
    size_t distance = next();
    distance |= size_t{next()} << 8;
    size_t length = size_t{next()} + 4;
    OKLO_ASSERT(distance > 0 && distance <= out_.size());
    for (; length > 0; length--) out_ += out_[out_.size() - distance];
  }

  const EmbeddedFile& file_;
  std::string out_;
  size_t at_ = 0;
};

}  // namespace

const EmbeddedFile* find_embedded(std::string_view name) {
  for (const EmbeddedFile& file : embedded_files())
    if (file.name == name) return &file;
  return nullptr;
}

std::string unpack(const EmbeddedFile& file) { return Unpacker(file).run(); }

}  // namespace oklo
