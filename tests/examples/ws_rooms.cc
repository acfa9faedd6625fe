// A chat over all workers: ws_rooms ADDRESS [WORKERS]. A WebSocket at /chat/ROOM is in that room and hears
// its own name, "ROW.GENERATION", first. What it says goes to the room; "!..." goes to everybody, "@NAME ..."
// to one, "/quit" leaves the room and "/bye" the chat. What is posted to /chat/ROOM goes to the room, too.
// At /late/ROOM those who are slow miss the oldest, at /strict/ROOM they are sent away. One at /by_id is
// greeted by its id, and sent away.
#include <oklo/oklo.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace {

// Of each WebSocket: the room it is in.
struct Seat {
  char room[60];
};

std::string name_of(const oklo::WebSocket& ws) {
  return std::to_string(ws.id().row) + "." + std::to_string(ws.id().generation);
}

void welcome(oklo::WebSocket& ws, const oklo::Request& request) {
  Seat& seat = ws.state<Seat>();
  request.param("room").copy(seat.room, sizeof seat.room - 1);
  ws.send(name_of(ws) + " worker " + std::to_string(oklo::worker_number()));
  ws.join(seat.room);
}

// By its id alone it is reached from its first moment on.
void greet_by_id(oklo::WebSocket& ws, const oklo::Request&) {
  oklo::ConnectionId id = ws.id();
  bool open = oklo::is_open(id);
  bool sent = oklo::send_to(id, open ? "open" : "not open");
  oklo::defer([id, sent] {
    oklo::send_to(id, sent ? "sent" : "not sent");
    oklo::close_connection(id);
  });
}

void whisper(std::string_view text) {
  std::string name(text.substr(0, text.find(' ')));
  char* end = nullptr;
  oklo::ConnectionId id;
  id.row = static_cast<uint32_t>(std::strtoul(name.c_str(), &end, 10));
  if (*end == '.') id.generation = static_cast<uint32_t>(std::strtoul(end + 1, nullptr, 10));
  oklo::send_to(id, text.substr(std::min(name.size() + 1, text.size())));
}

void hear(oklo::WebSocket& ws, std::string_view text) {
  const Seat& seat = ws.state<Seat>();
  if (text == "/bye") return ws.close(4000, "bye");
  if (text == "/quit") return ws.leave(seat.room);
  if (text.starts_with('@')) return whisper(text.substr(1));
  if (text.starts_with('!')) oklo::send_to_all(text.substr(1));
  else ws.room(seat.room).send(text);
}

void miss(oklo::WebSocket& ws, uint16_t code, std::string_view) {
  ws.room(ws.state<Seat>().room).send(name_of(ws) + " left with " + std::to_string(code));
}

oklo::WebSocketHandlers chat() {
  return {.on_open = welcome, .on_message = hear, .on_close = miss};
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.websocket("/chat/:room", chat());
  site.websocket("/by_id", {.on_open = greet_by_id, .on_message = hear});
  site.websocket("/late/:room", chat(),
                 {.queue_bytes = 65536, .slow_receiver = oklo::SlowReceiver::drop_oldest});
  site.websocket("/strict/:room", chat(), {.queue_bytes = 65536});
  site.post("/chat/:room", [](const oklo::Request& request, oklo::Response& response) {
    response.text(oklo::room(request.param("room")).send(request.body()) ? "sent\n" : "too long\n");
  });
  site.status("/status");
  oklo::Server server({.workers = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 0});
  server.http(argc > 1 ? argv[1] : "127.0.0.1:8080", std::move(site));
  return server.run();
}
