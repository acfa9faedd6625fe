#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/accept_encoding.h"
#include "codec/conditions.h"
#include "net/shared_bytes.h"
#include "sys/file.h"

namespace oklo::http {

// One representation of a file: the file itself, or a compressed one that stands beside it. `lines` are
// the fields of its answer, ready made: Content-Type is the first, ETag and Vary are the last.
struct FileVariant {
  codec::Coding coding = codec::Coding::identity;
  sys::FileInfo info;
  int64_t modified_s = 0;  // as it is told in Last-Modified
  std::string lines;
  uint16_t type_line_size = 0;
  uint16_t etag_line_at = 0;
  uint16_t etag_size = 0;
  BytesRef content;  // of a small one that was asked for

  std::string_view type() const;
  std::string_view content_part(uint64_t first, uint64_t size) const {
    return content.view().substr(static_cast<size_t>(first), static_cast<size_t>(size));
  }
  std::string_view lines_without_type() const { return std::string_view(lines).substr(type_line_size); }
  // What a 304 repeats (RFC 9110 section 15.4.5).
  std::string_view lines_unchanged() const { return std::string_view(lines).substr(etag_line_at); }
  codec::Validators validators() const;
};

// A file and its variants as they were at one moment. It owns no fd; FileCache keeps it.
class FileResource {
 public:
  // `name` is a path beneath `root` and `info` what stands there. Looks for `name`.br, .zst and .gz: one
  // counts when it is not older than the file.
  FileResource(int root, std::string name, const sys::FileInfo& info, int64_t now_s);

  // The variant for that Accept-Encoding, which is looked at only where there is a choice.
  FileVariant& choose(const codec::RequestHead& head);

  // Opens a variant for reading; false if it is no longer the file that was looked at.
  bool open(int root, const FileVariant& variant, sys::Fd& out) const;
  // Reads the content of a variant to memory; false as with open.
  bool load(int root, FileVariant& variant) const;

  // Whether all of `other` is the same as it was here. Content that changed twice within one tick of the
  // file system's clock would look the same, so a file that was just changed is never sure to be.
  bool same_as(const FileResource& other) const;

  // What it takes in memory.
  size_t bytes() const;

 private:
  void add_variant(codec::Coding coding, const sys::FileInfo& info, int64_t now_s);

  std::string name_;
  std::vector<FileVariant> variants_;  // the file itself is the first
  codec::CodingSet codings_;
  bool settled_ = false;
};

}  // namespace oklo::http
