#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <vector>

#include "emulated.h"
#include "sanitized.h"

// Deaths at every place of a function that changes shared memory. A forked process runs it, with its shared
// memory made read-only: each store is a fault, and is then made by itself, with the trap flag of the
// processor. So it can be killed before any store. Or, with the trap flag always set, after any instruction.

#if defined(__SANITIZE_THREAD__)
#define OKLO_STEPS 0
#elif defined(__has_feature)
#define OKLO_STEPS (!__has_feature(thread_sanitizer))
#else
#define OKLO_STEPS 1
#endif

enum class Step { store, instruction };

// Where that can't be done: on other processors, under an emulator or ThreadSanitizer.
inline bool can_step() {
#if OKLO_STEPS && defined(__x86_64__)
  return !emulated();
#else
  return false;
#endif
}

class SteppedChild {
 public:
  // How many steps of the body were made: all, or as many as it was to live.
  template <class Body>
  static long run(Step step, long steps, Body body) {
    void* shared = mmap(nullptr, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) abort();
    made_ = static_cast<volatile long*>(shared);
    pid_t pid = fork();
    if (pid < 0) abort();
    if (pid == 0) {
      begin(step, steps);
      body();
      done_ = true;
      _exit(0);
    }
    int status = 0;
    if (waitpid(pid, &status, 0) != pid) abort();
    long made = WIFEXITED(status) || WTERMSIG(status) == SIGKILL ? *made_ : -1;
    munmap(shared, sizeof(long));
    return made;
  }

 private:
  struct Region {
    char* start;
    size_t size;
    bool holds(const void* at) const { return at >= start && at < start + size; }
  };

#if OKLO_STEPS && defined(__x86_64__)
  static constexpr long long kTrapFlag = 0x100;

  static void begin(Step step, long steps) {
    left_ = steps;
    step_ = step;
    find_regions();
    handle(SIGSEGV, on_store);
    handle(SIGTRAP, on_trap);
    if (step == Step::store) protect(PROT_READ);
    else raise(SIGTRAP);
  }

  static void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    sigaction(signal, &action, nullptr);
  }

  static void count() {
    if (left_-- == 0) {
      protect(PROT_READ | PROT_WRITE);  // The kernel is to write there: it gives up the locks.
      kill(getpid(), SIGKILL);
    }
    *made_ = *made_ + 1;
  }

  static void on_store(int, siginfo_t* info, void* context) {
    for (const Region& region : regions_) {
      if (!region.holds(info->si_addr)) continue;
      count();
      protect(PROT_READ | PROT_WRITE);
      static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
      return;
    }
    signal(SIGSEGV, SIG_DFL);
  }

  static void on_trap(int, siginfo_t*, void* context) {
    long long& flags = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL];
    if (step_ == Step::store) {
      protect(PROT_READ);
      flags &= ~kTrapFlag;
    } else {
      flags = done_ ? flags & ~kTrapFlag : flags | kTrapFlag;
      if (!done_) count();
    }
  }
#else
  static void begin(Step, long) {}
#endif

  static void protect(int protection) {
    for (const Region& region : regions_) mprotect(region.start, region.size, protection);
  }

  // The shared memory that was made before the fork, but for the counter.
  static void find_regions() {
    FILE* maps = fopen("/proc/self/maps", "r");
    if (!maps) abort();
    char line[512];
    while (fgets(line, sizeof line, maps)) {
      unsigned long start = 0, end = 0;
      char mode[5] = "";
      if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) != 3 || strcmp(mode, "rw-s") != 0) continue;
      Region region = {reinterpret_cast<char*>(start), end - start};
      if (!region.holds(const_cast<const long*>(made_))) regions_.push_back(region);
    }
    fclose(maps);
  }

  inline static std::vector<Region> regions_;
  inline static volatile long* made_ = nullptr;
  inline static long left_ = 0;
  inline static Step step_ = Step::store;
  inline static volatile bool done_ = false;
};

// Kills `body` before each of its stores, or each seventh of its instructions (under a sanitizer, each fifth
// and each 35th), and calls `check` after each death, and once before and once after all of them. How many
// steps there are; 0 where that can't be done.
template <class Body, class Check>
long after_each_death(Step step, Body body, Check check) {
  check();
  if (!can_step()) return 0;
  long stride = (step == Step::instruction ? 7 : 1) * (kSanitized ? 5 : 1);
  for (long steps = 0;; steps += stride) {
    long made = SteppedChild::run(step, steps, body);
    if (made < 0) abort();
    check();
    if (made < steps) return made;
  }
}
