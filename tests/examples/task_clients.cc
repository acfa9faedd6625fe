// Asks other servers in a task worker, by clients that don't wait: task_clients ADDRESS
//
// POST /KIND with "ADDRESS TEXT" answers with what the other server says to TEXT, or with 502 and why there
// is none: KIND is stream, coroutine, datagram or websocket, whose ADDRESS is a URL; with http there is a URL
// alone. Each is a task that ends when its answer has come.
#include <oklo/oklo.h>

#include <algorithm>
#include <string>

namespace {

using std::string_view;

struct Question {
  explicit Question(string_view bytes)
      : address(bytes.substr(0, bytes.find(' '))),
        text(bytes.substr(std::min(address.size() + 1, bytes.size()))) {}
  std::string address, text;
  oklo::TaskId task;
};

// What waits for an answer: a task worker has one task at a time.
Question asked("");

void finish(string_view result) {
  oklo::with_task(asked.task, [result](oklo::Task& task) { task.finish(result); });
}

void fail(string_view, string_view why) {
  oklo::with_task(asked.task, [why](oklo::Task& task) { task.fail(why); });
}

oklo::HttpClient http;

oklo::StreamClient streams({
    .on_connect = [](oklo::Connection& c) { c.send(asked.text); },
    .on_receive = [](oklo::Connection& c, string_view bytes) {
      finish(bytes);
      c.close();
    },
    .on_close = [](oklo::Connection&, oklo::CloseReason) { fail({}, "it closed without an answer"); },
});

oklo::DatagramClient datagrams({
    .on_receive = [](string_view, string_view bytes) { finish(bytes); },
    .on_failed = fail,
});

oklo::WebSocketClient sockets({
    .on_open = [](oklo::WebSocket& socket, string_view) { socket.send(asked.text); },
    .on_message = [](oklo::WebSocket& socket, string_view text) {
      finish(text);
      socket.close();
    },
});

void ask_http(oklo::Task& task) {
  http.get(task.bytes(), [id = task.later()](const oklo::HttpReply& reply) {
    oklo::with_task(id, [&reply](oklo::Task& late) {
      reply.ok() ? late.finish(reply.body()) : late.fail(reply.error());
    });
  });
}

const Question& keep(oklo::Task& task) {
  asked = Question(task.bytes());
  asked.task = task.later();
  return asked;
}

oklo::Co<void> ask_by_coroutine(oklo::Task& task) {
  Question question(task.bytes());
  oklo::Stream other = co_await oklo::connect(question.address, 1000);
  co_await other.write(question.text);
  auto answer = co_await other.read();
  if (answer) task.finish(*answer);
  else task.fail(other.error().empty() ? "it closed without an answer" : other.error());
}

void start(const oklo::Request& request, oklo::Response& response) {
  oklo::RequestId id = response.later();
  auto tell = [id](const oklo::TaskOutcome& outcome) {
    oklo::answer(id, [&outcome](oklo::Response& late) {
      if (!outcome) late.status(502);
      late.text(outcome ? outcome.bytes : outcome.reason);
    });
  };
  if (oklo::task(request.param("kind"), request.body(), tell)) return;
  oklo::answer(id, [](oklo::Response& late) { late.fail(503); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  oklo::Router site;
  site.post("/:kind", start);
  oklo::Server server({.workers = 1, .task_workers = 1});
  server.http(argv[1], std::move(site));
  server.task("http", ask_http);
  server.task("coroutine", ask_by_coroutine);
  server.task("stream", [](oklo::Task& task) { streams.connect(keep(task).address, fail); });
  server.task("datagram", [](oklo::Task& task) { datagrams.send(keep(task).address, asked.text); });
  server.task("websocket", [](oklo::Task& task) { sockets.connect(keep(task).address, fail); });
  return server.run();
}
