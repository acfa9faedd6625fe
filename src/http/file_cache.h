#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/file_resource.h"

namespace oklo::http {

// One path of the FileCache and what stands there.
struct CachedFile {
  explicit CachedFile(FileResource now) : resource(std::move(now)) {}

  FileResource resource;
  uint64_t checked_ms = 0;  // when the file system was last asked

 private:
  friend class FileCache;
  std::string path_;
  uint64_t hash_ = 0;
  size_t bytes_ = 0;
  bool used_ = false;  // since the hand last came by
  std::unique_ptr<CachedFile> next_;
};

// What a worker remembers of the files that it serves: a bounded hash table by decoded path. What was not
// used for a while makes room (the CLOCK algorithm). Content that a slow client still needs lives on by
// its BytesRef. Owned by StaticFiles.
class FileCache {
 public:
  static constexpr size_t kBytesMax = 8u << 20;
  static constexpr size_t kFilesMax = 1024;

  explicit FileCache(size_t bytes_max = kBytesMax, size_t files_max = kFilesMax)
      : bytes_max_(bytes_max), files_max_(files_max) {}

  // The file at that path, or nullptr. A pointer is good until the next put, update or erase.
  CachedFile* find(std::string_view path);

  // Remembers what stands at `path` now. What was known and is still the same keeps its content.
  CachedFile& put(std::string_view path, FileResource now, uint64_t now_ms);

  // To be called when content of `file` was loaded.
  void update(CachedFile& file);

  void erase(std::string_view path);

  size_t bytes() const { return bytes_; }
  size_t files() const { return files_; }

 private:
  static constexpr size_t kBuckets = 1024;

  std::unique_ptr<CachedFile>* place_of(std::string_view path, uint64_t hash);
  void remove(std::unique_ptr<CachedFile>& place);
  void make_room(const CachedFile& keep);
  void turn_hand(const CachedFile& keep);

  size_t bytes_max_;
  size_t files_max_;
  size_t bytes_ = 0;
  size_t files_ = 0;
  size_t hand_ = 0;                                   // the bucket whose files are looked at next
  std::vector<std::unique_ptr<CachedFile>> buckets_;  // none before the first put
};

}  // namespace oklo::http
