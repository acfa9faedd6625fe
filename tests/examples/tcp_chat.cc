// A group chat over TCP, for telnet or nc, in several workers: tcp_chat ADDRESS [WORKERS]
//
// The first line of each is a name. What is said goes to everybody, whichever worker has them; "/to NAME
// TEXT" to one, "/near TEXT" to those of the same worker, "/late NAME TEXT" to one, a moment later. "/kick
// NAME" closes a connection, "/close NAME" only one of the same worker. A clock tells everybody once in five
// seconds, the master everybody at SIGRTMIN+2.
#include <oklo/oklo.h>

#include <signal.h>

#include <string>
#include <string_view>

namespace {

struct Person {
  char name[32];
};

// Who is there: the ids of all, by their names.
oklo::Table people({.rows = 4096, .columns = {{"row"}, {"generation"}}});

oklo::ConnectionId id_of(const oklo::TableRow& row) {
  return {static_cast<uint32_t>(row.integer("row")), static_cast<uint32_t>(row.integer("generation"))};
}

oklo::ConnectionId id_of(std::string_view name) {
  std::optional<oklo::TableRow> row = people.get(name);
  return row ? id_of(*row) : oklo::ConnectionId();
}

void tell_all(std::string_view text) {
  std::string line = std::string(text) + "\n";
  people.for_each([&line](const oklo::TableRow& row) { oklo::send_to(id_of(row), line); });
}

void tell_near(std::string_view text) {
  std::string line = std::string(text) + "\n";
  oklo::each_connection([&line](oklo::Connection& c) {
    if (c.state<Person>().name[0]) c.send(line);
  });
}

// Whoever has the name keeps it, if he is still there: his worker may have died.
void enter(oklo::Connection& c, std::string_view name) {
  bool fits = !name.empty() && name.size() < sizeof Person::name;
  if (!fits || oklo::is_open(id_of(name))) {
    c.send("choose another name\n");
    return;
  }
  people.set(name, {{"row", c.id().row}, {"generation", c.id().generation}});
  name.copy(c.state<Person>().name, sizeof Person::name - 1);
  tell_all("* " + std::string(name) + " has come, to worker " + std::to_string(oklo::worker_number()));
}

void leave(oklo::Connection& c, oklo::CloseReason) {
  std::string name = c.state<Person>().name;
  if (name.empty() || id_of(name) != c.id()) return;
  people.erase(name);
  tell_all("* " + name + " has left");
}

std::string_view take_word(std::string_view& line) {
  size_t end = line.find(' ');
  std::string_view word = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return word;
}

// Whether it was done; the rest of the line is a name and a text.
bool obey(std::string_view command, std::string_view line, const std::string& from) {
  std::string_view name = take_word(line);
  oklo::ConnectionId id = id_of(name);
  std::string text = from + " whispers: " + std::string(line) + "\n";
  if (command == "/to") return oklo::send_to(id, text);
  if (command == "/late") return oklo::is_open(id) && oklo::after(50, [=] { oklo::send_to(id, text); });
  if (command == "/kick") return oklo::close_connection(id);
  if (command == "/close") return oklo::with_connection(id, [](oklo::Connection& c) { c.close(); });
  return false;
}

void hear(oklo::Connection& c, std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::string name = c.state<Person>().name;
  if (name.empty()) return enter(c, line);
  if (!line.starts_with('/')) return tell_all(name + ": " + std::string(line));
  std::string_view command = take_word(line);
  if (command == "/near") return tell_near(name + " says: " + std::string(line));
  if (!obey(command, line, name)) c.send("nobody hears that\n");
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Server server({.workers = argc > 2 ? static_cast<unsigned>(std::stoi(argv[2])) : 0});
  server.tcp(argc > 1 ? argv[1] : "127.0.0.1:9501",
             {.on_connect = [](oklo::Connection& c) { c.send("your name?\n"); },
              .on_receive = hear,
              .on_close = leave},
             {.framing = {.kind = oklo::StreamFraming::Kind::delimiter, .delimiter = "\n"}});
  server.process("clock", [] { oklo::every(5000, [] { tell_all("* tick"); }); });
  server.on_signal(SIGRTMIN + 2, oklo::SignalPlace::master, [](int) { tell_all("* the master is well"); });
  return server.run();
}
