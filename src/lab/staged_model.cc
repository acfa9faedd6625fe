#include "lab/staged_model.h"

#include <errno.h>

#include <string>

#include "lab/family.h"
#include "lab/parcel.h"
#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::lab {

namespace {

constexpr uint64_t kRaiseMs = 10'000;
constexpr uint64_t kSettleMs = 3000;
constexpr uint64_t kLookAgainMs = 1;

// In the chamber: the address is told, or why there is none.
void play_model(const models::Model& model, int fd) {
  models::Stage stage;
  stage.workers = StagedModel::kWorkers;
  stage.listening = [fd](const sys::Address& address) {
    tell(fd, ParcelWriter().text(address.to_string()).text("").sealed());
  };
  Result<sys::Address> address = sys::Address::parse("127.0.0.1:0");
  Result<void> ended = address ? Result<void>() : Result<void>(address.error());
  if (address) {
    stage.address = *address;
    ended = model.run(stage);
  }
  if (!ended) tell(fd, ParcelWriter().text("").text(ended.error().text).sealed());
}

}  // namespace

Result<StagedModel> StagedModel::raise(Interrupts& interrupts, const models::Model& model,
                                       bool counts_calls) {
  Play play;
  play.title = "oklo lab: " + std::string(model.name);
  play.play = [&model](int fd) { play_model(model, fd); };
  play.counts_calls = counts_calls;
  Result<Chamber> chamber = Chamber::open(interrupts, play);
  if (!chamber) return chamber.error();
  Result<std::string> told = chamber->hear(sys::monotonic_ms() + kRaiseMs);
  if (!told) return told.error();
  ParcelReader reader(*told);
  std::string text = reader.text();
  if (std::string error = reader.text(); !error.empty()) return Error{0, error};
  Result<sys::Address> address = sys::Address::parse(text);
  if (!address) return address.error();
  return StagedModel(std::move(chamber).value(), *address);
}

// Two looks in a row must be the same: a thread may wake another one between the looks at the two.
Result<sys::Usage> StagedModel::settle(Interrupts& interrupts) {
  const uint64_t until_ms = sys::monotonic_ms() + kSettleMs;
  FamilyState before;
  while (!interrupts.happened()) {
    FamilyState now = look_at(chamber_.family());
    if (now.exists && before.exists && now.sleeps && before.sleeps &&
        now.used.voluntary == before.used.voluntary && now.used.involuntary == before.used.involuntary)
      return now.used;
    before = now;
    if (sys::monotonic_ms() >= until_ms) return Error{ETIMEDOUT, "its processes do not come to rest"};
    sys::wait_until(sys::monotonic_ms() + kLookAgainMs);
  }
  return Error{EINTR, "interrupted"};
}

}  // namespace oklo::lab
