#include "http/file_cache.h"

#include <doctest/doctest.h>

#include "file_tree.h"

using namespace oklo;
using http::CachedFile;
using http::FileCache;
using http::FileResource;

namespace {

constexpr int64_t kNow = FileTree::kModified + 86'400;

struct Folder {
  Folder() {
    tree.file("root/a", "aaaa");
    Result<sys::Fd> opened = sys::open_directory(tree.root());
    REQUIRE(opened);
    root = std::move(*opened);
  }

  FileResource look(const char* name = "a") {
    sys::Fd file;
    sys::FileInfo info;
    REQUIRE(sys::open_beneath(root.get(), name, file) >= 0);
    REQUIRE(sys::file_info(file.get(), info) >= 0);
    return FileResource(root.get(), name, info, kNow);
  }

  // Puts the file in the cache, with its content.
  CachedFile& put(FileCache& cache, const std::string& path, uint64_t now_ms = 0) {
    CachedFile& file = cache.put(path, look(), now_ms);
    REQUIRE(file.resource.load(root.get(), file.resource.choose(plain)));
    cache.update(file);
    return file;
  }

  std::string_view content(CachedFile& file) { return file.resource.choose(plain).content.view(); }

  FileTree tree;
  sys::Fd root;
  codec::RequestHead plain = {};
};

}  // namespace

TEST_CASE("http/file_cache: finds what was put, and only that") {
  Folder folder;
  FileCache cache;
  CHECK(cache.find("/a") == nullptr);
  cache.erase("/a");
  CachedFile& file = folder.put(cache, "/a", 7);
  CHECK(cache.find("/a") == &file);
  CHECK(file.checked_ms == 7);
  CHECK(folder.content(file) == "aaaa");
  CHECK(cache.find("/b") == nullptr);
  CHECK(cache.find("/a/") == nullptr);
  cache.erase("/a");
  CHECK(cache.find("/a") == nullptr);
  CHECK(cache.files() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("http/file_cache: content stays while the file is the same") {
  Folder folder;
  FileCache cache;
  folder.put(cache, "/a", 1);
  CachedFile& same = cache.put("/a", folder.look(), 2);
  CHECK(same.checked_ms == 2);
  CHECK(folder.content(same) == "aaaa");
  folder.tree.file("root/a", "bbbb", FileTree::kModified + 1);
  CachedFile& changed = cache.put("/a", folder.look(), 3);
  CHECK(folder.content(changed).empty());
  CHECK(cache.files() == 1);
}

TEST_CASE("http/file_cache: never more files than it may hold, and what is used stays") {
  Folder folder;
  FileCache cache(1 << 20, 10);
  for (int i = 0; i < 100; i++) {
    folder.put(cache, "/" + std::to_string(i));
    CHECK(cache.files() <= 10);
    CHECK(cache.find("/" + std::to_string(i)));
    CHECK(cache.find("/0"));
  }
}

TEST_CASE("http/file_cache: never more bytes than it may hold") {
  Folder folder;
  folder.tree.file("root/a", std::string(10'000, 'a'));
  FileCache cache(50'000, 1000);
  for (int i = 0; i < 50; i++) {
    folder.put(cache, "/" + std::to_string(i));
    CHECK(cache.bytes() <= 50'000);
  }
  CHECK(cache.files() == 4);
  for (int i = 0; i < 50; i++) cache.erase("/" + std::to_string(i));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("http/file_cache: content that is still being sent outlives its file") {
  Folder folder;
  FileCache cache;
  BytesRef held = folder.put(cache, "/a").resource.choose(folder.plain).content;
  cache.erase("/a");
  CHECK(held.view() == "aaaa");
}

TEST_CASE("http/file_cache: a file that is gone or was changed is not loaded") {
  Folder folder;
  FileResource resource = folder.look();
  folder.tree.file("root/a", "bbbb", FileTree::kModified + 1);
  CHECK(!resource.load(folder.root.get(), resource.choose(folder.plain)));
  folder.tree.unlink("root/a");
  CHECK(!resource.load(folder.root.get(), resource.choose(folder.plain)));
}
