// Asks other HTTP servers on behalf of its clients: fetch ADDRESS [HEAD_MS [HOSTS_FILE]]
//
// "/?url=URL" answers with what the other server answered to the same method and body, "/size?url=URL" counts
// the body without keeping it. 502 says why there is no answer. The workers keep connections to the servers.
#include <oklo/oklo.h>

#include <optional>
#include <string>

namespace {

std::optional<oklo::HttpClient> client;

std::string url_of(const oklo::Request& request) { return request.query_param("url").value_or(""); }

void pass_on(const oklo::HttpReply& reply, oklo::Response& response) {
  if (!reply.ok()) {
    response.status(502);
    return response.text(reply.error(), "\n");
  }
  response.status(static_cast<int>(reply.status()));
  std::string_view type = reply.header("Content-Type");
  if (!type.empty()) response.header("Content-Type", type);
  response.send(reply.body());
}

void fetch(const oklo::Request& request, oklo::Response& response) {
  oklo::HttpRequest ask;
  ask.method = request.method();
  ask.url = url_of(request);
  ask.headers = {{"User-Agent", "oklo-fetch"}};
  ask.body = request.body();
  client->send(std::move(ask), [id = response.later(60'000)](const oklo::HttpReply& reply) {
    oklo::answer(id, [&reply](oklo::Response& late) { pass_on(reply, late); });
  });
}

void size(const oklo::Request& request, oklo::Response& response) {
  auto bytes = std::make_shared<uint64_t>(0);
  oklo::HttpRequest ask;
  ask.url = url_of(request);
  ask.on_piece = [bytes](std::string_view piece) { *bytes += piece.size(); };
  client->send(std::move(ask), [bytes, id = response.later(60'000)](const oklo::HttpReply& reply) {
    oklo::answer(id, [&](oklo::Response& late) {
      if (!reply.ok()) return pass_on(reply, late);
      late.text(std::to_string(*bytes), " bytes\n");
    });
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  uint32_t head_ms = argc > 2 ? static_cast<uint32_t>(std::stoul(argv[2])) : 30'000;
  client.emplace(oklo::HttpClientOptions{.head_ms = head_ms});
  oklo::Router site;
  site.get("/", fetch);
  site.post("/", fetch);
  site.get("/size", size);
  oklo::Server server({.workers = 1});
  server.http(argv[1], std::move(site), {.body_bytes = 8 << 20});
  std::string hosts = argc > 3 ? argv[3] : "/etc/hosts";
  server.on_worker_start([&hosts](unsigned) { oklo::set_resolver({.hosts = hosts}); });
  return server.run();
}
