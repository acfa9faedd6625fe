#include "cli/chat.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "base/number.h"
#include "cli/chat_text.h"
#include "sys/time.h"

#include <oklo/room.h>
#include <oklo/worker.h>

namespace oklo::cli {

namespace {

constexpr uint16_t kLost = 1006;  // without a goodbye (RFC 6455 section 7.1.5)
constexpr uint16_t kHung = 3000;  // the page had no answer for a while
constexpr uint16_t kPolicy = 1008;
constexpr uint16_t kTryLater = 1013;
constexpr std::string_view kSweep = "sweep";

uint64_t wall_ms() {
  sys::WallTime now = sys::wall_time();
  return static_cast<uint64_t>(now.seconds) * 1000 + now.nanoseconds / 1'000'000;
}

// The line at the front, which is taken away.
std::string_view take_line(std::string_view& lines) {
  std::string_view line = lines.substr(0, lines.find('\n'));
  lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  return line;
}

bool is_tag(std::string_view text) {
  return text.size() <= Chat::kTagBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alpha(c) || is_digit(c); });
}

std::string text_of(ConnectionId id) { return id ? decimal(id.row) + '.' + decimal(id.generation) : ""; }

JsonObject message_of(std::string_view kind) { return std::move(JsonObject().text("is", kind)); }

JsonObject message_of(std::string_view kind, const ChatPerson& person) {
  JsonObject message = message_of(kind);
  message.text("from", text_of(person.id)).text("name", person.name).number("worker", person.worker);
  return message;
}

void refuse(WebSocket& socket, std::string_view tag, std::string_view why) {
  socket.send(message_of("refused").text("tag", tag).text("why", why).end());
}

}  // namespace

// Ids are those of messages for as long as clients remember them: also when the server is started anew.
Chat::Chat() : history_(static_cast<int64_t>(wall_ms() * 1000)) {}

void Chat::add_to(Router& site, std::string_view path) {
  WebSocketHandlers handlers;
  handlers.on_message = [this](WebSocket& socket, std::string_view message) { hear(socket, message); };
  handlers.on_close = [this](WebSocket& socket, uint16_t code, std::string_view) { leave(socket, code); };
  site.websocket(path, std::move(handlers),
                 {.message_bytes = kMessageBytesMax, .queue_bytes = 1 << 20, .same_origin = true});
}

void Chat::on_worker_start() const {
  if (generation() > 1) send_to_all(message_of("generation").number("number", generation()).end());
}

// A worker that died told nobody who was there: any other one can see it.
void Chat::add_to(Server& server) {
  server.on_worker_error([](unsigned, int, int) {
    for (unsigned number = 1; number <= worker_count(); number++) send_message(number, kSweep);
  });
  server.on_message([this](unsigned, std::string_view) { sweep(); });
}

// ---------------------------------------------------------------- what a client says

void Chat::hear(WebSocket& socket, std::string_view message) {
  std::string_view kind = take_line(message);
  if (kind == "join") return join(socket, message);
  if (kind == "say") return say(socket, message);
  std::optional<ChatPerson> person = people_.find(socket.id());
  if (!person) return socket.close(kPolicy, "join first");
  if (!may_speak(socket, {})) return;
  if (kind == "who") socket.send(message_of("who").json("people", people(person->room)).end());
  else if (kind == "count") socket.send(message_of("count").number("count", count(person->room)).end());
  else socket.close(kPolicy, "not understood");
}

// Into the room first: what is said after the look into the history comes from there.
void Chat::join(WebSocket& socket, std::string_view lines) {
  ChatPerson person{socket.id(), {}, {}, worker_number()};
  person.room = fold(clean_line(take_line(lines), ChatPeople::kRoomCharactersMax));
  person.name = clean_line(take_line(lines), ChatPeople::kNameCharactersMax);
  std::string_view token = take_line(lines);
  if (!is_tag(token) || std::exchange(socket.state<Seat>().taken, true))
    return socket.close(kPolicy, "not understood");
  if (person.room.empty()) person.room = "lobby";
  if (person.name.empty()) person.name = "guest";
  sweep();
  socket.join(person.room);
  std::optional<ChatPeople::Entered> entered = people_.enter(person, token);
  if (!entered) {
    refuse(socket, {}, "full");
    return socket.close(kTryLater, "full");
  }
  person.name = entered->name;
  socket.send(hello(person));
  socket.room(person.room)
      .send(message_of("came", person)
                .text("was", text_of(entered->before))
                .number("count", count(person.room))
                .end());
}

void Chat::say(WebSocket& socket, std::string_view lines) {
  std::string_view tag = take_line(lines);
  std::optional<ChatPerson> person = people_.find(socket.id());
  if (!person || !is_tag(tag)) return socket.close(kPolicy, person ? "not understood" : "join first");
  if (!may_speak(socket, tag)) return;
  std::string text = clean_message(lines);
  if (text.empty() || text.size() > kTextBytesMax)
    return refuse(socket, tag, text.empty() ? "empty" : "too long");
  int64_t id = history_.next_id();
  std::string line = said(*person, id, tag, text);
  history_.add(person->room, id, line);
  socket.room(person->room).send(line);
}

// One that is too fast is told how long to wait, and goes when it does not hear.
bool Chat::may_speak(WebSocket& socket, std::string_view tag) {
  Seat& seat = socket.state<Seat>();
  uint64_t now_ms = sys::monotonic_ms();
  if (seat.flood.take(now_ms)) return true;
  if (++seat.refused > kRefusedMax) socket.close(kPolicy, "too fast");
  else socket.send(message_of("slow").text("tag", tag).number("wait", seat.flood.wait_ms(now_ms)).end());
  return false;
}

// ---------------------------------------------------------------- who goes

void Chat::leave(WebSocket& socket, uint16_t code) {
  std::optional<ChatPerson> person = people_.find(socket.id());
  if (person && people_.leave(socket.id())) tell_left(*person, code == kLost || code == kHung);
}

void Chat::sweep() {
  for (const ChatPerson& person : people_.sweep()) tell_left(person, true);
}

void Chat::tell_left(const ChatPerson& person, bool lost) const {
  room(person.room)
      .send(message_of("left", person)
                .truth("lost", lost)
                .number("count", count(person.room))
                .end());
}

// ---------------------------------------------------------------- what is told

std::string Chat::hello(const ChatPerson& person) const {
  return message_of("hello", person)
      .number("workers", worker_count())
      .number("generation", generation())
      .text("room", person.room)
      .json("people", people(person.room))
      .json("said", json_array(history_.last(person.room)))
      .end();
}

std::string Chat::people(std::string_view room) const {
  std::vector<std::string> list;
  for (const ChatPerson& person : people_.in(room)) {
    JsonObject one;
    one.text("from", text_of(person.id)).text("name", person.name).number("worker", person.worker);
    list.push_back(one.end());
  }
  return json_array(list);
}

std::string Chat::said(const ChatPerson& person, int64_t id, std::string_view tag,
                       std::string_view text) const {
  return message_of("said", person)
      .number("id", static_cast<uint64_t>(id))
      .number("at", wall_ms())
      .text("tag", tag)
      .text("text", text)
      .end();
}

}  // namespace oklo::cli
