// A small store that speaks lines, for telnet or nc: lines ADDRESS
//
//   set NAME VALUE    get NAME    del NAME    count    quit
//
// All workers share the store. Each line has one answer, which begins with + or -.
#include <oklo/oklo.h>

#include <cstdio>
#include <optional>
#include <string>

namespace {

struct Session {
  uint32_t commands;
};

std::string_view take_word(std::string_view& line) {
  size_t end = line.find(' ');
  std::string_view word = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return word;
}

std::string set(oklo::Table& store, std::string_view name, std::string_view value) {
  switch (store.set(name, {{"value", value}})) {
    case oklo::Stored::full: return "-the store is full";
    case oklo::Stored::too_long: return "-too long";
    case oklo::Stored::yes: break;
  }
  return "+stored";
}

std::string answer(oklo::Table& store, std::string_view line) {
  std::string_view command = take_word(line);
  if (command == "count") return "+" + std::to_string(store.size());
  if (command == "del") return store.erase(line) ? "+gone" : "-no such name";
  if (command == "get") {
    std::optional<std::string> value = store.text(line, "value");
    return value ? "+" + *value : "-no such name";
  }
  if (command == "set") {
    std::string_view name = take_word(line);
    return set(store, name, line);
  }
  return "-unknown command";
}

void on_line(oklo::Table& store, oklo::Connection& c, std::string_view line) {
  // telnet ends its lines with CR LF.
  if (line.ends_with('\r')) line.remove_suffix(1);
  c.state<Session>().commands++;
  if (line == "quit") {
    c.send("+bye\n");
    return c.close();
  }
  c.send(answer(store, line) + "\n");
}

void on_close(oklo::Connection& c, oklo::CloseReason reason) {
  std::string why(oklo::close_reason_name(reason));
  std::fprintf(stderr, "%s: %u commands, %s\n", c.info().peer.c_str(), c.state<Session>().commands,
               why.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Table store({.rows = 10'000, .columns = {{"value", oklo::ColumnType::text, 200}}});
  if (!store.ok()) {
    std::fprintf(stderr, "lines: %s\n", store.error().c_str());
    return 111;
  }
  oklo::StreamOptions options{.idle_time_ms = 300'000};
  options.framing.kind = oklo::StreamFraming::Kind::delimiter;
  options.framing.delimiter = "\n";
  options.framing.message_bytes_max = 1000;
  oklo::Server server;
  server.tcp(argc > 1 ? argv[1] : ":9503",
             {
                 .on_connect = [](oklo::Connection& c) { c.send("+hello\n"); },
                 .on_receive = [&store](oklo::Connection& c,
                                        std::string_view line) { on_line(store, c, line); },
                 .on_close = on_close,
             },
             options);
  return server.run();
}
