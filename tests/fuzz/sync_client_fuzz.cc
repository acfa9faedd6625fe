// The listener is made for unit tests: here its checks do what they check, and no more.
#define DOCTEST_CONFIG_DISABLE
#define DOCTEST_CONFIG_EVALUATE_ASSERTS_EVEN_WHEN_DISABLED
#define DOCTEST_CONFIG_ASSERTS_RETURN_VALUES

#include <oklo/sync_client.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "net/listening.h"

namespace {

using Text = std::optional<std::string>;

constexpr size_t kLineBytes = 12;

// A client that never waits, and the plain way to know what it must give.
class Talk {
 public:
  Talk() : client_({.timeout_ms = 5000, .line_bytes = kLineBytes}) {
    static const Listening listening;
    OKLO_ASSERT(client_.connect(listening.address.to_string()));
    oklo::sys::Address from;
    long fd = oklo::sys::accept_connection(listening.listener.get(), from);
    peer_.emplace(oklo::sys::Fd(static_cast<int>(fd)));
    client_.set_timeout(0);
  }

  void write(std::string_view bytes) {
    OKLO_ASSERT(peer_->write(bytes) == bytes.size());
    there_ += bytes;
  }
  void read_line() {
    size_t end = there_.find('\n');
    size_t size = end != there_.npos && end > 0 && there_[end - 1] == '\r' ? end - 1 : end;
    bool whole = end != there_.npos && size <= kLineBytes;
    check(client_.read_line(), whole ? Text(there_.substr(0, size)) : std::nullopt, whole ? end + 1 : 0);
    bool too_long = !whole && there_.size() - there_.ends_with('\r') > kLineBytes;
    OKLO_ASSERT(client_.timed_out() == (!whole && !too_long));
  }
  void read_exactly(size_t bytes) {
    bool whole = bytes <= there_.size();
    check(client_.read_exactly(bytes), whole ? Text(there_.substr(0, bytes)) : std::nullopt, bytes);
    OKLO_ASSERT(client_.timed_out() == !whole);
  }
  // What comes at once depends on the pieces.
  void receive(size_t bytes_max) {
    Text got = client_.receive(bytes_max);
    OKLO_ASSERT(got.has_value() != there_.empty());
    if (!got) return;
    OKLO_ASSERT(!got->empty() && got->size() <= bytes_max && there_.starts_with(*got));
    there_.erase(0, got->size());
  }
  // All the rest, and then the end.
  void finish() {
    peer_->finish();
    OKLO_ASSERT(!client_.read_exactly(there_.size() + 1) && client_.ended() == there_.empty());
    while (!there_.empty()) receive(there_.size());
    OKLO_ASSERT(!client_.receive() && client_.ended() && !client_.timed_out());
  }

 private:
  void check(const Text& got, const Text& wanted, size_t taken) {
    OKLO_ASSERT(got == wanted && client_.error().empty() == wanted.has_value());
    if (wanted) there_.erase(0, taken);
  }

  oklo::SyncClient client_;
  std::optional<Peer> peer_;
  std::string there_;  // was written, and not taken
};

}  // namespace

// Two bits of a byte say what is done next, the others how many bytes that concerns: of the input they are
// written, or read from what was.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Talk talk;
  while (!input.empty()) {
    auto what = static_cast<uint8_t>(input[0]);
    size_t bytes = what >> 2;
    input.remove_prefix(1);
    switch (what & 3) {
      case 0: talk.read_line(); break;
      case 1: talk.read_exactly(bytes); break;
      case 2: talk.receive(1 + bytes); break;
      default:
        talk.write(input.substr(0, bytes));
        input.remove_prefix(std::min(bytes, input.size()));
    }
  }
  talk.finish();
  return 0;
}
