#include "lab/probes.h"

#include <algorithm>
#include <string>

#include "base/number.h"
#include "lab/crowd.h"
#include "lab/family.h"
#include "lab/staged_model.h"

namespace oklo::lab {

namespace {

constexpr unsigned kHeldMin = 32;  // fewer say nothing about one
constexpr unsigned kWarmUp = 5;    // requests that open what the first ones open

// A model and its clients. An error of theirs is why a figure is not taken.
struct Scene {
  StagedModel model;
  Crowd crowd;

  static Result<Scene> open(Interrupts& interrupts, const models::Model& model, bool counts_calls = false) {
    Result<StagedModel> staged = StagedModel::raise(interrupts, model, counts_calls);
    if (!staged) return staged.error();
    Crowd crowd(interrupts, staged->address());
    return Scene{std::move(staged).value(), std::move(crowd)};
  }
};

Figure missing(const Error& error) { return Figure::not_taken(error.text); }

Result<uint64_t> memory_at_rest(Interrupts& interrupts, Scene& scene) {
  if (Result<sys::Usage> rest = scene.model.settle(interrupts); !rest) return rest.error();
  std::optional<uint64_t> kib = memory_kib(scene.model.chamber().family());
  if (!kib) return Error{0, "this kernel does not tell the memory of a process (smaps_rollup)"};
  return *kib;
}

// One request, on the only connection there is, or on one of its own.
Result<void> ask_once(Scene& scene, bool keeps_alive) {
  if (!keeps_alive) scene.crowd.leave();
  if (scene.crowd.size() == 0)
    if (Result<void> joined = scene.crowd.join(); !joined) return joined;
  if (!scene.crowd.ask_last()) return Error{0, "it did not answer"};
  return {};
}

Result<void> ask_often(Scene& scene, bool keeps_alive, unsigned times) {
  for (unsigned i = 0; i < times; i++)
    if (Result<void> asked = ask_once(scene, keeps_alive); !asked) return asked;
  return {};
}

}  // namespace

Figure measure_memory(Interrupts& interrupts, const models::Model& model) {
  if (!model.keeps_alive) return Figure::not_taken("its connections end with their first answer");
  Result<Scene> scene = Scene::open(interrupts, model);
  if (!scene) return missing(scene.error());
  if (Result<void> first = ask_once(*scene, true); !first) return missing(first.error());
  scene->crowd.leave();
  Result<uint64_t> before = memory_at_rest(interrupts, *scene);
  if (!before) return missing(before.error());
  unsigned held = 0;
  for (bool answered = true; answered && held < kHeld; held += answered) {
    if (Result<void> joined = scene->crowd.join(); !joined) return missing(joined.error());
    answered = scene->crowd.ask_last();
  }
  if (held < kHeldMin) return Figure::not_taken("it holds " + decimal(held) + " at a time");
  Result<uint64_t> after = memory_at_rest(interrupts, *scene);
  if (!after) return missing(after.error());
  return {static_cast<double>(*after - std::min(*after, *before)) * 1024 / held};
}

Figure measure_wakeups(Interrupts& interrupts, const models::Model& model) {
  Result<Scene> scene = Scene::open(interrupts, model);
  if (!scene) return missing(scene.error());
  if (Result<void> first = ask_once(*scene, true); !first) return missing(first.error());
  uint64_t switches = 0;
  for (unsigned i = 0; i < kAccepts; i++) {
    scene->crowd.leave();
    Result<sys::Usage> before = scene->model.settle(interrupts);
    if (!before) return missing(before.error());
    if (Result<void> joined = scene->crowd.join(); !joined) return missing(joined.error());
    Result<sys::Usage> after = scene->model.settle(interrupts);
    if (!after) return missing(after.error());
    switches += after->voluntary - std::min(after->voluntary, before->voluntary);
  }
  return {static_cast<double>(switches) / kAccepts};
}

Figure count_calls(Interrupts& interrupts, const models::Model& model) {
  Result<Scene> scene = Scene::open(interrupts, model, true);
  if (!scene) return missing(scene.error());
  if (int error = scene->model.chamber().trace_error())
    return missing(system_error(error, "its system calls cannot be seen"));
  if (Result<void> warm = ask_often(*scene, model.keeps_alive, kWarmUp); !warm) return missing(warm.error());
  if (Result<sys::Usage> rest = scene->model.settle(interrupts); !rest) return missing(rest.error());
  const uint64_t before = scene->model.chamber().calls();
  if (Result<void> asked = ask_often(*scene, model.keeps_alive, kCountedRequests); !asked)
    return missing(asked.error());
  if (Result<sys::Usage> rest = scene->model.settle(interrupts); !rest) return missing(rest.error());
  return {static_cast<double>(scene->model.chamber().calls() - before) / kCountedRequests};
}

}  // namespace oklo::lab
