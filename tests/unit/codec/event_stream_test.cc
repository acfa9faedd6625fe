#include "codec/event_stream.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "event_stream_reader.h"

using namespace oklo::codec;

namespace {

// What a client makes of one event.
EventStreamReader client_of(const StreamEvent& event) {
  std::string stream;
  CHECK(append_event(stream, event));
  EventStreamReader client;
  client.read(stream);
  CHECK(client.data.empty());
  CHECK(client.faults == 0);
  return client;
}

}  // namespace

TEST_CASE("codec/event_stream: what is sent is what a client dispatches") {
  EventStreamReader client = client_of({"hello", "greeting", "7", 2500});
  CHECK(client.seen == std::vector<SeenEvent>{{"greeting", "hello", "7"}});
  CHECK(client.retry_ms == 2500);
  CHECK(client_of({"x", {}, {}}).seen == std::vector<SeenEvent>{{"message", "x", ""}});
  CHECK(client_of({" leading: colon", {}, {}}).seen[0].data == " leading: colon");
}

TEST_CASE("codec/event_stream: the bytes of an event") {
  std::string stream = "before";
  CHECK(append_event(stream, {"a\nb", "n", "i", 1}));
  CHECK(stream == "beforeevent: n\nid: i\nretry: 1\ndata: a\ndata: b\n\n");
}

TEST_CASE("codec/event_stream: every kind of line break in the data comes as LF") {
  struct { std::string_view data, seen; } cases[] = {
      {"a\nb", "a\nb"}, {"a\rb", "a\nb"}, {"a\r\nb", "a\nb"}, {"a\n\rb", "a\n\nb"},
      {"a\r\r\n\nb", "a\n\n\nb"},
      {"\n", "\n"}, {"\r\n", "\n"}, {"a\n", "a\n"}, {"a\r", "a\n"}, {"\ra", "\na"}, {"a\n\n", "a\n\n"},
      {"data: x\nid: 5\n\nevent: y", "data: x\nid: 5\n\nevent: y"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.data);
    CHECK(client_of({c.data, {}, {}}).seen == std::vector<SeenEvent>{{"message", std::string(c.seen), ""}});
  }
}

TEST_CASE("codec/event_stream: an event without data is dispatched, unless it only sets something") {
  CHECK(client_of({}).seen == std::vector<SeenEvent>{{"message", "", ""}});
  CHECK(client_of({{}, "ping", {}}).seen == std::vector<SeenEvent>{{"ping", "", ""}});
  CHECK(client_of({{}, "ping", "1"}).seen == std::vector<SeenEvent>{{"ping", "", "1"}});
  EventStreamReader id = client_of({{}, {}, "5"});
  CHECK(id.seen.empty());
  CHECK(id.id == "5");
  EventStreamReader retry = client_of({{}, {}, {}, 100});
  CHECK(retry.seen.empty());
  CHECK(retry.retry_ms == 100);
}

TEST_CASE("codec/event_stream: a name or id that is not one line is refused, and nothing is written") {
  std::string stream = "before";
  for (const std::string& wrong : {std::string("\n"), std::string("\r"), std::string("a\nb"),
                                   std::string("a\rdata: x"), std::string("a\0b", 3)}) {
    CHECK(!append_event(stream, {"x", wrong, {}}));
    CHECK(!append_event(stream, {"x", {}, wrong}));
  }
  CHECK(stream == "before");
}

TEST_CASE("codec/event_stream: a comment is passed over") {
  EventStreamReader client;
  client.read(kEventComment);
  CHECK(client.seen.empty());
}
