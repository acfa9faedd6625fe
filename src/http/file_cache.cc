#include "http/file_cache.h"

#include <cstring>

namespace oklo::http {

namespace {

uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
  return hash ^ (hash >> 32);
}

// Only paths of files that exist are kept, so a client cannot choose colliding ones at will.
uint64_t hash_of(std::string_view path) {
  uint64_t hash = path.size();
  uint64_t word = 0;
  while (path.size() >= sizeof word) {
    memcpy(&word, path.data(), sizeof word);
    hash = mix(hash, word);
    path.remove_prefix(sizeof word);
  }
  word = 0;
  for (char c : path) word = word << 8 | static_cast<unsigned char>(c);
  return mix(hash, word);
}

}  // namespace

CachedFile* FileCache::find(std::string_view path) {
  if (files_ == 0) return nullptr;
  CachedFile* file = place_of(path, hash_of(path))->get();
  if (file) file->used_ = true;
  return file;
}

CachedFile& FileCache::put(std::string_view path, FileResource now, uint64_t now_ms) {
  buckets_.resize(kBuckets);
  uint64_t hash = hash_of(path);
  std::unique_ptr<CachedFile>* place = place_of(path, hash);
  if (!*place) {
    *place = std::make_unique<CachedFile>(std::move(now));
    (*place)->path_ = path;
    (*place)->hash_ = hash;
    files_++;
  } else if (!(*place)->resource.same_as(now)) {
    (*place)->resource = std::move(now);
  }
  CachedFile& file = **place;
  file.checked_ms = now_ms;
  update(file);
  return file;
}

void FileCache::update(CachedFile& file) {
  bytes_ -= file.bytes_;
  file.bytes_ = sizeof file + file.path_.size() + file.resource.bytes();
  bytes_ += file.bytes_;
  make_room(file);
}

void FileCache::erase(std::string_view path) {
  if (files_ == 0) return;
  std::unique_ptr<CachedFile>* place = place_of(path, hash_of(path));
  if (*place) remove(*place);
}

// Where the file of that path stands, or would.
std::unique_ptr<CachedFile>* FileCache::place_of(std::string_view path, uint64_t hash) {
  std::unique_ptr<CachedFile>* place = &buckets_[hash % kBuckets];
  while (*place && ((*place)->hash_ != hash || (*place)->path_ != path)) place = &(*place)->next_;
  return place;
}

void FileCache::remove(std::unique_ptr<CachedFile>& place) {
  bytes_ -= place->bytes_;
  files_--;
  place = std::move(place->next_);
}

void FileCache::make_room(const CachedFile& keep) {
  while (files_ > 1 && (bytes_ > bytes_max_ || files_ > files_max_)) turn_hand(keep);
}

// Looks at one bucket: what was used since the last time stays once more.
void FileCache::turn_hand(const CachedFile& keep) {
  std::unique_ptr<CachedFile>* place = &buckets_[hand_];
  hand_ = (hand_ + 1) % kBuckets;
  while (*place) {
    CachedFile& file = **place;
    if (file.used_ || &file == &keep) {
      file.used_ = false;
      place = &file.next_;
    } else {
      remove(*place);
    }
  }
}

}  // namespace oklo::http
