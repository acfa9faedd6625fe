// Looks up names: `GET /NAME` answers with its addresses, one a line, or with 502 and what went wrong.
// resolve [ADDRESS] [resolv=FILE] [hosts=FILE] [port=PORT] [name=NAME]: the master looks up NAME for its log,
// too.

#include <oklo/oklo.h>

#include <cstdlib>
#include <string>

namespace {

using Addresses = std::vector<std::string>;

struct Wishes {
  oklo::ResolverOptions resolver;
  std::string name = "localhost";
};

void read_word(Wishes& wishes, std::string_view word) {
  auto value = [word](std::string_view key) { return std::string(word.substr(key.size())); };
  if (word.starts_with("resolv=")) wishes.resolver.resolv_conf = value("resolv=");
  if (word.starts_with("hosts=")) wishes.resolver.hosts = value("hosts=");
  if (word.starts_with("port="))
    wishes.resolver.port = static_cast<uint16_t>(std::atoi(value("port=").c_str()));
  if (word.starts_with("name=")) wishes.name = value("name=");
}

std::string lines(const Addresses& addresses) {
  std::string text;
  for (const std::string& address : addresses) text += address + "\n";
  return text;
}

void look_up(const oklo::Request& request, oklo::Response& response) {
  oklo::RequestId id = response.later();
  auto tell = [id](const Addresses& addresses, std::string_view error) {
    oklo::answer(id, [&](oklo::Response& late) {
      if (error.empty()) late.text(lines(addresses));
      else late.status(502).text(error, "\n");
    });
  };
  if (!oklo::resolve(request.param("name"), tell)) tell({}, "too many lookups");
}

}  // namespace

int main(int argc, char** argv) {
  Wishes wishes;
  for (int i = 2; i < argc; i++) read_word(wishes, argv[i]);
  oklo::Router site;
  site.get("/:name", look_up);
  oklo::Server server({.workers = 2});
  server.http(argc > 1 ? argv[1] : "127.0.0.1:8080", std::move(site));
  server.on_worker_start([&wishes](unsigned) { oklo::set_resolver(wishes.resolver); });
  server.on_up([&wishes](const Addresses&) {
    oklo::set_resolver(wishes.resolver);
    oklo::resolve(wishes.name, [&wishes](const Addresses& addresses, std::string_view error) {
      std::string text = error.empty() ? lines(addresses) : std::string(error);
      for (char& c : text) c = c == '\n' ? ' ' : c;
      oklo::log_line(wishes.name + ": " + text);
    });
  });
  return server.run();
}
