#include "codec/url.h"

#include <cstdint>

#include "base/assert.h"

// A path that is answered begins with '/', names no parent and no empty segment, and comes back when it
// is encoded and decoded again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view raw(reinterpret_cast<const char*>(data), size);
  std::string out(size, '\0');
  std::optional<std::string_view> path = oklo::codec::decode_path(raw, out);
  std::string html;
  oklo::codec::escape_html(html, raw);
  OKLO_ASSERT(html.find_first_of("<>\"'") == html.npos);
  if (!path) return 0;
  std::string marked = std::string(*path) + "/";
  OKLO_ASSERT(path->size() <= size && path->front() == '/');
  OKLO_ASSERT(marked.find("/../") == marked.npos && marked.find("/./") == marked.npos);
  OKLO_ASSERT(path->find("//") == path->npos && path->find('\0') == path->npos);
  std::string encoded;
  oklo::codec::encode_path(encoded, *path);
  OKLO_ASSERT(encoded.find_first_of("\r\n \"'<>&\\") == encoded.npos);
  std::string again(encoded.size(), '\0');
  OKLO_ASSERT(oklo::codec::decode_path(encoded, again) == path);
  return 0;
}
