#include "codec/mime.h"

#include <doctest/doctest.h>

using oklo::codec::media_type;

TEST_CASE("codec/mime: the extension says the type, in any case") {
  CHECK(media_type("file.txt") == "text/plain; charset=utf-8");
  CHECK(media_type("index.html") == "text/html; charset=utf-8");
  CHECK(media_type("INDEX.HTM") == "text/html; charset=utf-8");
  CHECK(media_type("style.css") == "text/css; charset=utf-8");
  CHECK(media_type("app.js") == "text/javascript; charset=utf-8");
  CHECK(media_type("app.min.mjs") == "text/javascript; charset=utf-8");
  CHECK(media_type("data.json") == "application/json");
  CHECK(media_type("image.JPG") == "image/jpeg");
  CHECK(media_type("pic.svg") == "image/svg+xml");
  CHECK(media_type("a.wasm") == "application/wasm");
  CHECK(media_type("site.webmanifest") == "application/manifest+json");
  CHECK(media_type("backup.tar.gz") == "application/gzip");
  CHECK(media_type("font.woff2") == "font/woff2");
  CHECK(media_type("a.3g2") == "video/3gpp2");
  CHECK(media_type("a.zst") == "application/zstd");
}

TEST_CASE("codec/mime: a name that says nothing is a stream of bytes") {
  for (const char* name : {"", "noext", ".", "a.", "a.unknown", "a.averyverylongextension", "txt", "a.tx"}) {
    CAPTURE(name);
    CHECK(media_type(name) == "application/octet-stream");
  }
}
