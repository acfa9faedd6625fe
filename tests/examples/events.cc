// Server-sent events: events ADDRESS. Open / in some browsers: each shows the same clock, and what any says.
#include <oklo/oklo.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr const char* kPage = R"(<!doctype html><title>events</title>
<p id=clock></p><ol id=said></ol>
<form onsubmit="fetch('/say', {method: 'POST', body: this.word.value}); this.reset(); return false">
<input name=word autofocus></form>
<script>
const source = new EventSource('/feed')
source.addEventListener('clock', event => clock.textContent = event.data)
source.onmessage = event => said.appendChild(document.createElement('li')).textContent = event.data
</script>
)";

std::vector<oklo::RequestId> listeners;
std::vector<std::string> words;  // the last ones that were said; the id of the first is first_id
size_t first_id = 1;

oklo::Event word_event(size_t id, const std::string& number) { return {words[id - first_id], {}, number}; }

// Those who have left are forgotten.
void tell_all(const oklo::Event& event) {
  std::erase_if(listeners, [&event](oklo::RequestId id) {
    return !oklo::answer(id, [&event](oklo::Response& response) { response.event(event); });
  });
}

// A browser that lost its connection comes back by itself and says what it has heard last.
void listen(const oklo::Request& request, oklo::Response& response) {
  size_t heard = std::strtoul(std::string(request.header("Last-Event-ID")).c_str(), nullptr, 10);
  oklo::RequestId id = response.events();
  for (size_t next = std::max(heard + 1, first_id); next < first_id + words.size(); next++)
    response.event(word_event(next, std::to_string(next)));
  if (id) listeners.push_back(id);
}

void say(const oklo::Request& request, oklo::Response& response) {
  words.emplace_back(request.body());
  size_t id = first_id + words.size() - 1;
  tell_all(word_event(id, std::to_string(id)));
  if (words.size() > 100) {
    words.erase(words.begin());
    first_id++;
  }
  response.status(204).send({});
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.get("/", [](const oklo::Request&, oklo::Response& response) { response.html(kPage); });
  site.get("/feed", listen);
  site.post("/say", say);
  oklo::Server server({.workers = 1});  // All listeners are in one worker.
  server.on_worker_start([](unsigned) {
    oklo::every(1000, [seconds = 0]() mutable { tell_all({std::to_string(++seconds), "clock"}); });
  });
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site));
  return server.run();
}
