// Slow work in task workers: tasks ADDRESS [WORD]...
// POST /hash answers with a slow hash of the body, made by a task; /sleep/MS with how long a task slept;
// GET /fast answers at once, whatever the tasks do. For tests: POST /run/KIND starts a task of that kind with
// the body, /many/KIND/N asks for N numbered ones, and GET /many tells what became of them; the WebSocket /ws
// is told how a task ended by its id.
// WORDs: workers=N task_workers=N queue=N bytes=N max=N timeout=MS control=PATH.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <oklo/oklo.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// As slow as it is: many rounds of FNV-1a.
uint64_t slow_hash(std::string_view bytes) {
  uint64_t hash = 14695981039346656037u;
  for (int round = 0; round < 2000; round++)
    for (unsigned char c : bytes) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

const char* state_name(oklo::TaskState state) {
  constexpr const char* kNames[] = {"done", "failed", "died", "stopped", "timed_out"};
  return kNames[static_cast<size_t>(state)];
}

const char* refusal_name(oklo::TaskRefusal why) {
  constexpr const char* kNames[] = {"none",      "full",            "unknown_name", "too_large",
                                    "no_memory", "no_task_workers", "stopping"};
  return kNames[static_cast<size_t>(why)];
}

// Starts a task, and answers the request when it has ended.
void answer_by_task(std::string_view kind, std::string_view bytes, oklo::Response& response) {
  oklo::RequestId id = response.later();
  oklo::TaskStarted started = oklo::task(kind, bytes, [id](const oklo::TaskOutcome& outcome) {
    oklo::answer(id, [&outcome](oklo::Response& late) {
      late.status(outcome ? 200 : 500);
      late.text(state_name(outcome.state), " ", outcome.name, " ", outcome.bytes, outcome.reason, "\n");
    });
  });
  if (started) return;
  oklo::answer(id, [&started](oklo::Response& late) {
    late.status(503);
    late.text("refused ", refusal_name(started.why), "\n");
  });
}

void rest(oklo::Task& task) {
  int ms = std::atoi(std::string(task.bytes()).c_str());
  poll(nullptr, 0, ms);
  task.finish("slept " + std::to_string(ms) + " ms");
}

// Waits until somebody opens the FIFO of that name, and for what is written into it.
void hold(oklo::Task& task) {
  int fd = open(std::string(task.bytes()).c_str(), O_RDONLY);
  char text[256];
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
  close(fd);
  if (size < 0) return task.fail("no FIFO");
  task.finish({text, static_cast<size_t>(size)});
}

// An echo that takes a moment, so that who runs it may be killed in it.
void pause(oklo::Task& task) {
  poll(nullptr, 0, 1);
  task.finish(task.bytes());
}

// ---------------------------------------------------------------- many at once, for tests

struct Many {
  unsigned asked = 0;
  unsigned states[5] = {};
  unsigned swapped = 0;
  unsigned twice = 0;
  unsigned drains = 0;
  unsigned refused = 0;
  std::string kind;
  unsigned wanted = 0;
  std::string ended;  // a byte a task
};
Many many;

// A task is known by its process and number, and its result must name both. As many as the queue takes; the
// rest when it has drained.
void ask_for_more() {
  while (many.asked < many.wanted) {
    unsigned number = many.asked;
    std::string name = std::to_string(getpid()) + "." + std::to_string(number);
    auto hear = [name, number](const oklo::TaskOutcome& outcome) {
      many.states[static_cast<size_t>(outcome.state)]++;
      if (outcome && outcome.bytes != name) many.swapped++;
      if (many.ended[number]++) many.twice++;
    };
    oklo::TaskStarted started = oklo::task(many.kind, name, hear);
    if (!started) {
      many.refused++;
      return;
    }
    many.asked++;
  }
}

void begin_many(const oklo::Request& request, oklo::Response& response) {
  many = {};
  many.kind = request.param("kind");
  many.wanted = static_cast<unsigned>(std::atoi(std::string(request.param("count")).c_str()));
  many.ended.assign(many.wanted, 0);
  ask_for_more();
  response.text(std::to_string(many.asked), "\n");
}

void tell_many(const oklo::Request&, oklo::Response& response) {
  std::string text = "asked " + std::to_string(many.asked);
  for (size_t i = 0; i < 5; i++)
    text.append(" ").append(state_name(static_cast<oklo::TaskState>(i))).append(" ").append(
        std::to_string(many.states[i]));
  text += " swapped " + std::to_string(many.swapped) + " twice " + std::to_string(many.twice);
  text += " drains " + std::to_string(many.drains) + " refused " + std::to_string(many.refused);
  response.text(text, " process ", std::to_string(getpid()), "\n");
}

// ---------------------------------------------------------------- by id

unsigned reached = 0;
unsigned unreached = 0;

std::string word_of(oklo::ConnectionId id) {
  return std::to_string(id.row) + " " + std::to_string(id.generation);
}

// "KIND BYTES" runs a task, and "" tells the id and how many outcomes reached whom they were for.
void hear(oklo::WebSocket& socket, std::string_view text) {
  oklo::ConnectionId id = socket.id();
  size_t kind_size = text.find(' ');
  if (kind_size == text.npos) {
    socket.send(word_of(id) + " " + std::to_string(reached) + " " + std::to_string(unreached));
    return;
  }
  auto tell = [id](const oklo::TaskOutcome& outcome) {
    bool sent = oklo::send_to(id, std::string("ended ").append(outcome.bytes).append(outcome.reason));
    (sent ? reached : unreached)++;
  };
  oklo::TaskStarted started = oklo::task(text.substr(0, kind_size), text.substr(kind_size + 1), tell);
  if (!started) socket.send(std::string("refused ") + refusal_name(started.why));
}

// "ROW GENERATION FIFO": to that connection when it may, and to the room; and whether that could be sent.
void tell(oklo::Task& task) {
  std::string text(task.bytes());
  char fifo[128] = "";
  oklo::ConnectionId id;
  if (sscanf(text.c_str(), "%u %u %127s", &id.row, &id.generation, fifo) < 3) return task.fail("what?");
  bool before = oklo::send_to(id, "begun");
  oklo::room("all").send("begun in the room");
  close(open(fifo, O_RDONLY));
  bool behind = oklo::send_to(id, "told by id");
  bool roomed = oklo::room("all").send("told by room");
  task.finish(std::to_string(before) + std::to_string(behind) + std::to_string(roomed));
}

// ---------------------------------------------------------------- the server

uint64_t value_of(std::string_view word, std::string_view name, uint64_t otherwise) {
  if (!word.starts_with(name)) return otherwise;
  return std::strtoull(std::string(word.substr(name.size())).c_str(), nullptr, 10);
}

void read_word(oklo::ServerOptions& options, std::string_view word) {
  options.workers = static_cast<unsigned>(value_of(word, "workers=", options.workers));
  options.task_workers = static_cast<unsigned>(value_of(word, "task_workers=", options.task_workers));
  options.task_queue = static_cast<uint32_t>(value_of(word, "queue=", options.task_queue));
  options.task_bytes_max = static_cast<uint32_t>(value_of(word, "bytes=", options.task_bytes_max));
  options.task_max_requests = value_of(word, "max=", options.task_max_requests);
  options.shutdown_timeout_ms =
      static_cast<uint32_t>(value_of(word, "timeout=", options.shutdown_timeout_ms));
  if (word.starts_with("control=")) options.control = word.substr(8);
}

void declare_tasks(oklo::Server& server) {
  server.task("hash", [](oklo::Task& task) { task.finish(std::to_string(slow_hash(task.bytes()))); });
  server.task("sleep", rest);
  server.task("nap", rest, {.on_death = oklo::TaskOnDeath::retry, .timeout_ms = 300});
  // It has answered, and does not end.
  server.task("linger", [](oklo::Task& task) {
    task.finish("at once");
    poll(nullptr, 0, 60'000);
  }, {.timeout_ms = 300});
  server.task("hold", hold);
  server.task("hold_again", hold, {.on_death = oklo::TaskOnDeath::retry});
  server.task("tell", tell);
  server.task("echo", [](oklo::Task& task) { task.finish(task.bytes()); });
  server.task("pause", pause);
  server.task("pause_again", pause, {.on_death = oklo::TaskOnDeath::retry, .attempts = 1'000'000});
  server.task("nothing", [](oklo::Task&) {});
  server.task("refuse", [](oklo::Task& task) { task.fail("because of " + std::string(task.bytes())); });
  server.task("inflate", [](oklo::Task& task) {
    task.finish(std::string(static_cast<size_t>(std::atoi(std::string(task.bytes()).c_str())), 'x'));
  });
  server.task("crash", [](oklo::Task&) { raise(SIGKILL); });
  server.task("crash_again", [](oklo::Task& task) {
    if (task.attempt() < 3) raise(SIGKILL);
    task.finish("at attempt " + std::to_string(task.attempt()));
  }, {.on_death = oklo::TaskOnDeath::retry});
  server.task("crash_always", [](oklo::Task&) { raise(SIGKILL); }, {.on_death = oklo::TaskOnDeath::retry});
  server.task("who", [](oklo::Task& task) { task.finish(std::to_string(getpid())); });
}

}  // namespace

int main(int argc, char** argv) {
  oklo::ServerOptions options;
  options.workers = 1;
  options.task_workers = 2;
  for (int i = 2; i < argc; i++) read_word(options, argv[i]);
  oklo::Router site;
  site.get("/fast", [](const oklo::Request&, oklo::Response& response) { response.text("fast\n"); });
  site.post("/hash", [](const oklo::Request& request, oklo::Response& response) {
    answer_by_task("hash", request.body(), response);
  });
  site.get("/sleep/:ms", [](const oklo::Request& request, oklo::Response& response) {
    answer_by_task("sleep", request.param("ms"), response);
  });
  site.post("/run/:kind", [](const oklo::Request& request, oklo::Response& response) {
    answer_by_task(request.param("kind"), request.body(), response);
  });
  site.post("/many/:kind/:count", begin_many);
  site.get("/many", tell_many);
  site.websocket("/ws", {.on_open = [](oklo::WebSocket& socket) { socket.join("all"); }, .on_message = hear});
  oklo::Server server(options);
  server.http(argc > 1 ? argv[1] : "127.0.0.1:8080", std::move(site), {.body_bytes = 2 << 20});
  declare_tasks(server);
  server.on_task_drain([] {
    many.drains++;
    ask_for_more();
  });
  return server.run();
}
