// What a handler sees of a request, and three ways to answer it: hello ADDRESS
// Try /hello/ada, /sum?a=1&b=2 and, with a body, curl -d 'some words' .../words
#include <oklo/oklo.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace {

// The number that a parameter of the query is; 0 when there is none.
int number_in(const oklo::Request& request, std::string_view name) {
  std::string text = request.query_param(name).value_or("");
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  oklo::Router site;
  site.get("/hello/:name", [](const oklo::Request& request, oklo::Response& response) {
    response.text("hello, ", request.param("name"), "\n");
  });
  site.get("/sum", [](const oklo::Request& request, oklo::Response& response) {
    long long sum = number_in(request, "a");
    sum += number_in(request, "b");
    response.header("Cache-Control", "no-store");
    response.json("{\"sum\": ", std::to_string(sum), "}\n");
  });
  site.post("/words", [](const oklo::Request& request, oklo::Response& response) {
    if (request.body().empty()) return response.fail(400);
    auto spaces = std::count(request.body().begin(), request.body().end(), ' ');
    response.status(201).text(std::to_string(spaces + 1), " words\n");
  });
  site.get("/", [](const oklo::Request&, oklo::Response& response) { response.redirect("/hello/world"); });
  oklo::Server server;
  server.http(argc > 1 ? argv[1] : ":8080", std::move(site));
  return server.run();
}
