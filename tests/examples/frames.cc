// Messages with their length in front, in four bytes: frames ADDRESS
//
// Whoever sends a message with a number N gets N messages: "0", "1", ... They are made when there is room for
// them, so that a client that reads slowly costs no memory, however large its N.
#include <oklo/oklo.h>

#include <charconv>
#include <cstdint>
#include <string>

namespace {

constexpr uint64_t kFramesAtOnce = 1000;

struct Series {
  uint64_t next;
  uint64_t end;
};

void add_frame(std::string& out, std::string_view payload) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(payload.size() >> shift);
  out += payload;
}

// The next part of the series; when it is over, the next request is read.
void send_more(oklo::Connection& c) {
  Series& series = c.state<Series>();
  std::string out;
  for (uint64_t i = 0; i < kFramesAtOnce && series.next < series.end; i++)
    add_frame(out, std::to_string(series.next++));
  if (out.empty()) c.resume();
  else c.send(out);
}

void on_message(oklo::Connection& c, std::string_view payload) {
  uint64_t count = 0;
  const char* end = payload.data() + payload.size();
  auto [stopped, fault] = std::from_chars(payload.data(), end, count);
  if (fault != std::errc() || stopped != end) return c.abort();
  c.state<Series>() = {0, count};
  // Further requests wait until this one is answered.
  c.pause();
  send_more(c);
}

}  // namespace

int main(int argc, char** argv) {
  oklo::StreamOptions options;
  options.framing = {.kind = oklo::StreamFraming::Kind::length_field, .message_bytes_max = 100};
  oklo::Server server;
  server.tcp(argc > 1 ? argv[1] : ":9504", {.on_receive = on_message, .on_sent = send_more}, options);
  return server.run();
}
