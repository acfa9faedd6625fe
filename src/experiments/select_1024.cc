// What goes wrong: a server that waits with select(2) works for years, until more than 1,024 files are open
// at once. Then FD_SET of a number from 1,024 on sets a bit behind the set, in whatever stands there in
// memory: no error, no crash at this place, but a wrong variable, or a hole for whoever can make so many
// connections.
//
// Why: an fd_set is an array of FD_SETSIZE bits, made when the program is compiled, and FD_SET does not
// look. The kernel itself has no such bound. It is the number that counts and not how many are watched: who
// has 1,000 files open may watch no more than 24 connections.
//
// The mend: refuse what does not fit, which is all that select can do: see sys::FdSet, and the model
// "select", which runs here. Or poll(2), whose numbers stand in a list, and epoll(7), which need not be told
// of all of them each time.
//
// oklo: epoll alone, src/sys/epoll.h; a wait for one fd is a poll, src/sys/waiting.h.

#include <bit>
#include <string>
#include <vector>

#include "base/number.h"
#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/shared_page.h"
#include "models/model.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/select.h"

namespace oklo::experiments {

namespace {

constexpr int kFilesOpen = 1000;
constexpr int kClients = 100;
constexpr uint64_t kFilesNeeded = kFilesOpen + 2 * kClients;

struct Stage {
  Count listening;
  char address[64] = {};
};

const models::Model* find_model(std::string_view name) {
  for (const models::Model& model : models::catalogue())
    if (model.name == name) return &model;
  return nullptr;
}

// Files that stay open until the process ends, as those of a server that has much to do.
bool open_files() {
  sys::Fd copy;
  while (sys::duplicate(2, copy) >= 0)
    if (copy.release() + 1 >= kFilesOpen) return true;
  return false;
}

void serve(const models::Model& model, Stage& stage) {
  if (!open_files()) return;
  Result<sys::Address> address = sys::Address::parse("127.0.0.1:0");
  if (!address) return;
  models::Stage of_model{.address = *address, .listening = [&stage](const sys::Address& at) {
    at.to_string().copy(stage.address, sizeof stage.address - 1);
    stage.listening.add();
  }};
  (void)model.run(of_model);
}

// What is not closed at once is answered.
bool is_answered(SyncClient& client) {
  client.send("GET / HTTP/1.1\r\nHost: lab\r\n\r\n");
  std::optional<std::string> line = client.read_line();
  return line && line->find(" 200 ") != std::string::npos;
}

// All clients stay until the last one has been answered.
Result<double> count_answered(std::string_view name) {
  const models::Model* model = find_model(name);
  if (!model) return Error{0, "there is no such model"};
  Result<SharedPage<Stage>> stage = SharedPage<Stage>::make();
  if (!stage) return stage.error();
  Result<Child> server = Child::start([&] { serve(*model, **stage); });
  if (!server) return server.error();
  if (!(*stage)->listening.reaches(1)) return Error{0, "the server does not listen"};
  std::vector<SyncClient> clients;
  double answered = 0;
  for (int i = 0; i < kClients; i++) {
    clients.push_back(patient_client());
    if (!clients.back().connect((*stage)->address)) return Error{0, clients.back().error()};
    answered += is_answered(clients.back());
  }
  return answered;
}

// What FD_SET does, on an array that is long enough: how many bits are set behind the first FD_SETSIZE.
double count_bits_behind() {
  constexpr size_t kBits = 8 * sizeof(unsigned long);
  constexpr size_t kSetWords = sys::FdSet::kEnd / kBits;
  std::vector<unsigned long> words(2 * kSetWords);
  for (size_t fd = kFilesOpen; fd < kFilesOpen + kClients; fd++) words[fd / kBits] |= 1ul << fd % kBits;
  int count = 0;
  for (size_t i = kSetWords; i < words.size(); i++) count += std::popcount(words[i]);
  return count;
}

}  // namespace

Result<Outcome> select_1024() {
  if (sys::file_limit() < kFilesNeeded)
    return nothing_taken("no more than " + decimal(sys::file_limit()) + " files may be open here");
  Result<double> fault = count_answered("select");
  if (!fault) return fault.error();
  Result<double> mend = count_answered("poll");
  if (!mend) return mend.error();
  return Outcome{
      .columns = {"select", "poll"},
      .findings = {{"clients served beside 1,000 open files, of 100", {*fault, *mend}},
                   {"bits that FD_SET would write behind its set", {count_bits_behind(), 0}}},
      .verdict = "An fd of number 1,024 has no bit in the set: refuse it, or use what has a list."};
}

}  // namespace oklo::experiments
