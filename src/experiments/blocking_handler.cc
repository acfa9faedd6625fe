// What goes wrong: a handler of a server with an event loop asks a database, reads a slow disk, or computes
// for a while. Until it returns, nobody else is answered: neither those who are connected to this worker nor
// those who wait at its listener, whatever they ask for.
//
// Why: the loop is one thread. It waits for all connections at once just because it never waits for anything
// else.
//
// The mend: whatever may take long is done elsewhere: by a task worker, a process that may wait as long as
// it likes, while the loop goes round. The answer comes back as one more event. Or the handler does not
// block: a client of the loop, or a coroutine, waits without holding anybody up.
//
// oklo: this is oklo itself. src/server/task_worker.cc runs tasks, src/http/late_answers.cc keeps the
// requests that wait for one, and src/process/watchdog.h finds a worker that is stuck in a handler.

#include <vector>

#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/shared_page.h"
#include "sys/process.h"

#include <oklo/server.h>

namespace oklo::experiments {

namespace {

constexpr size_t kRequests = 20;

// What server and client tell each other beside the connections.
struct Stage {
  Count up, slow_began, slow_may_end;
  char address[64] = {};
};

// As long as a database takes.
void take_long(Stage& stage) {
  stage.slow_began.add();
  (void)stage.slow_may_end.reaches(1);
}

void answer_in_handler(Server&, Router& router, Stage& stage) {
  router.get("/slow", [&stage](const Request&, Response& response) {
    take_long(stage);
    response.text("slow\n");
  });
}

void answer_by_task(Server& server, Router& router, Stage& stage) {
  server.task("slow", [&stage](Task& task) {
    take_long(stage);
    task.finish("slow\n");
  });
  router.get("/slow", [](const Request&, Response& response) {
    RequestId id = response.later();
    task("slow", "", [id](const TaskOutcome& outcome) {
      answer(id, [&outcome](Response& late) { late.text(outcome.bytes); });
    });
  });
}

using AddSlow = void (*)(Server& server, Router& router, Stage& stage);

void serve(AddSlow add_slow, Stage& stage) {
  Server server({.workers = 1, .control = "off", .error_log = "off", .shutdown_timeout_ms = 1000,
                 .task_workers = 1});
  Router router;
  add_slow(server, router, stage);
  router.get("/fast", [](const Request&, Response& response) { response.text("fast\n"); });
  server.http("127.0.0.1:0", std::move(router));
  server.on_up([&stage](const std::vector<std::string>& addresses) {
    addresses[0].copy(stage.address, sizeof stage.address - 1);
    stage.up.add();
  });
  sys::exit_now(server.run());
}

bool request(SyncClient& client, const char* address, std::string_view path) {
  return client.connect(address) && client.send("GET " + std::string(path) + " HTTP/1.0\r\n\r\n");
}

// HTTP/1.0: the connection ends behind the answer.
bool is_answered(SyncClient& client, uint32_t patience_ms) {
  client.set_timeout(patience_ms);
  while (client.receive()) {
  }
  return client.ended();
}

struct Waits {
  double answered = 0;    // fast requests, while the slow one is not
  double longest_ms = 0;  // until a fast one was
};

// When the first of the fast requests is not answered in that time, the slow one may end.
Result<Waits> measure(AddSlow add_slow, uint32_t patience_ms) {
  Result<SharedPage<Stage>> stage = SharedPage<Stage>::make();
  if (!stage) return stage.error();
  Result<Child> server = Child::start([&] { serve(add_slow, **stage); });
  if (!server) return server.error();
  if (!(*stage)->up.reaches(1)) return Error{0, "the server has not come up"};
  SyncClient slow = patient_client();
  bool well = request(slow, (*stage)->address, "/slow") && (*stage)->slow_began.reaches(1);
  std::vector<SyncClient> fast(kRequests);
  uint64_t start_ms = sys::monotonic_ms();
  for (SyncClient& client : fast) well = well && request(client, (*stage)->address, "/fast");
  Waits waits;
  if (well && !is_answered(fast[0], patience_ms)) (*stage)->slow_may_end.add();
  for (SyncClient& client : fast) {
    well = well && is_answered(client, kPatienceMs);
    waits.answered += (*stage)->slow_may_end.value() == 0;
  }
  waits.longest_ms = static_cast<double>(sys::monotonic_ms() - start_ms);
  (*stage)->slow_may_end.add();
  if (!well || !is_answered(slow, kPatienceMs)) return Error{0, "the server did not answer"};
  server->stop();
  return waits;
}

}  // namespace

Result<Outcome> blocking_handler() {
  Result<Waits> fault = measure(answer_in_handler, kSilenceMs);
  if (!fault) return fault.error();
  Result<Waits> mend = measure(answer_by_task, kPatienceMs);
  if (!mend) return mend.error();
  return Outcome{
      .columns = {"the handler waits", "a task worker waits"},
      .findings = {{"other requests answered meanwhile, of 20", {fault->answered, mend->answered}},
                   {"the longest of them waits, ms", {fault->longest_ms, mend->longest_ms}}},
      .verdict = "Who waits in a handler lets everybody wait; the fault lasts as long as the slow work, here "
                 "until 200 ms have shown that nobody is answered."};
}

}  // namespace oklo::experiments
