// Answers that come later than their handlers return: late ADDRESS
// /slow takes half a second; /wait/NAME waits until somebody posts to /say/NAME, for at most 20 s; /count
// writes a line every tenth of a second; /pour writes 32 MiB as fast as the client takes them.
#include <oklo/oklo.h>

#include <string>
#include <vector>

namespace {

// A request that waits for a word under its name.
struct Waiter {
  std::string name;
  oklo::RequestId id;
};
std::vector<Waiter> waiters;

bool is_gone(const Waiter& waiter) {
  return !oklo::answer(waiter.id, [](oklo::Response&) {});
}

void wait_for_word(const oklo::Request& request, oklo::Response& response) {
  std::erase_if(waiters, is_gone);
  waiters.push_back({std::string(request.param("name")), response.later(20'000)});
}

// The handler of one request answers others.
void say_word(const oklo::Request& request, oklo::Response& response) {
  int heard = 0;
  for (const Waiter& waiter : waiters) {
    if (waiter.name != request.param("name")) continue;
    heard += oklo::answer(waiter.id, [&](oklo::Response& late) { late.text(request.body(), "\n"); });
  }
  response.text(std::to_string(heard), " heard it\n");
}

// Writes a line and comes back for the next one, as long as the client is there.
void count(oklo::RequestId id, int line) {
  bool there = oklo::answer(id, [line](oklo::Response& response) {
    response.write("line " + std::to_string(line) + "\n");
    if (line == 10) response.end();
  });
  if (there) oklo::after(100, [id, line] { count(id, line + 1); });
}

constexpr size_t kPourBytes = size_t{32} << 20;

// Never has more than a few pieces wait.
void pour(oklo::RequestId id, size_t poured) {
  static const std::string kPiece(64 << 10, 'p');
  bool there = oklo::answer(id, [&poured](oklo::Response& response) {
    for (; poured < kPourBytes && response.queued() < 4 * kPiece.size(); poured += kPiece.size())
      response.write(kPiece);
    if (poured == kPourBytes) response.end();
  });
  if (there && poured < kPourBytes) oklo::after(1, [id, poured] { pour(id, poured); });
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.get("/slow", [](const oklo::Request&, oklo::Response& response) {
    oklo::after(500, [id = response.later()] {
      oklo::answer(id, [](oklo::Response& late) { late.text("at last\n"); });
    });
  });
  site.get("/wait/:name", wait_for_word);
  site.post("/say/:name", say_word);
  site.get("/count", [](const oklo::Request&, oklo::Response& response) {
    response.header("Content-Type", "text/plain");
    oklo::defer([id = response.later()] { count(id, 1); });
  });
  site.get("/pour", [](const oklo::Request&, oklo::Response& response) {
    oklo::defer([id = response.later()] { pour(id, 0); });
  });
  oklo::Server server({.workers = 1});  // Those who wait and those who say must meet in one worker.
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site));
  return server.run();
}
