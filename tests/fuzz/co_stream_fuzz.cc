// The world is made for unit tests: here its checks do what they check, and no more.
#define DOCTEST_CONFIG_DISABLE
#define DOCTEST_CONFIG_EVALUATE_ASSERTS_EVEN_WHEN_DISABLED
#define DOCTEST_CONFIG_ASSERTS_RETURN_VALUES

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "server/co_stream_world.h"

namespace {

std::string_view script;  // each byte is a read, and how many bytes it may have
std::string seen;

bool is_line(char read) { return read & 1; }
size_t bytes_of(char read) { return static_cast<uint8_t>(read) >> 1 & 31; }

// More may come while it looks at what it has read.
oklo::Co<> read_script(oklo::Stream peer) {
  for (char one : script) {
    oklo::StreamRead read = is_line(one) ? peer.read_line(bytes_of(one)) : peer.read_exactly(bytes_of(one));
    std::optional<std::string_view> got = co_await read;
    if (!got) break;
    std::string copy(*got);
    if (one & 0x40) co_await oklo::sleep_ms(0);
    OKLO_ASSERT(*got == copy);
    seen += copy + "|";
  }
}

// What it must read, in the plain way.
std::string plain(std::string_view rest) {
  std::string text;
  for (char one : script) {
    size_t size = bytes_of(one), all = size;
    if (is_line(one)) {
      all = rest.find('\n') + 1;
      if (all == 0) break;
      size = all - (all > 1 && rest[all - 2] == '\r' ? 2 : 1);
    }
    if (all > rest.size() || size > bytes_of(one)) break;
    text.append(rest.substr(0, size)).append("|");
    rest.remove_prefix(all);
  }
  return text;
}

void check(CoStreamWorld& world, std::string_view stream, size_t piece) {
  seen.clear();
  Peer peer = world.connect();
  for (size_t at = 0; at < stream.size(); at += piece) {
    peer.write(stream.substr(at, piece));
    world.turn();
  }
  peer.finish();
  for (int i = 0; i < 1000 && !world.pool.empty(); i++) {
    world.turn();
    peer.read();
    if (peer.over()) peer.close();
  }
  OKLO_ASSERT(world.pool.empty() && seen == plain(stream));
}

}  // namespace

// Up to eight reads, and the stream that they read: the same comes of it in whatever pieces it comes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static CoStreamWorld& world = *new CoStreamWorld(read_script);
  std::string_view input(reinterpret_cast<const char*>(data), std::min<size_t>(size, 200));
  script = input.substr(0, 8);
  std::string_view stream = input.substr(script.size());
  check(world, stream, std::max<size_t>(stream.size(), 1));
  check(world, stream, 1 + size % 13);
  return 0;
}
