#pragma once

#include <cstdint>
#include <string_view>

// The kernel that the fault tests link instead of src/sys/kernel.cc. It passes each call on to the real
// one, unless a test has asked for a fault. Faults are plain state of the process: a fork copies them.
namespace oklo::faults {

// The nth call of that name from now on (1 is the next) fails once, with the errno number. The call is not
// made; close is the exception, since Linux closes even then. The name "*" is any call that may fail, without
// those that only clean up (close, munmap, unlink) and those that cannot fail.
void fail(std::string_view call, int nth, int number);

// Each call of that name fails from now on.
void fail_always(std::string_view call, int number);

// Reads and writes of streams and files are cut short at random places, those of non-blocking streams answer
// EAGAIN at times, and calls that wait or may be interrupted answer EINTR at times. One seed, one course.
void shorten(uint64_t seed);

// How often the call was made since the last clear, failures included.
int count(std::string_view call);

// Whether every fault that `fail` asked for has happened.
bool all_happened();

// No more faults; counts from zero.
void clear();

// Clears when a test begins and when it ends.
struct Scope {
  Scope() { clear(); }
  ~Scope() { clear(); }
};

}  // namespace oklo::faults
