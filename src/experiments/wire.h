#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace oklo::experiments {

// What is said, 32 bytes; a signal carries the number alone.
struct Message {
  uint32_t number = 0;
  char text[28] = {};
};
inline constexpr uint32_t kLastNumber = 0x7fffffff;  // behind it there is nothing to come

// One direction of a way in which processes talk. It is opened before they are forked; one of them puts in,
// the other takes out, and both wait. False: the way is broken.
class Wire {
 public:
  virtual ~Wire() = default;
  // In each of the two processes, before it is used. `receiver` is who takes out.
  virtual bool begin(int receiver) { return receiver > 0; }
  virtual bool put(const Message& message) = 0;
  virtual bool take(Message& message) = 0;
};

struct Way {
  const char* name;
  Result<std::unique_ptr<Wire>> (*open)();
};

std::vector<Way> descriptor_ways();  // wire_descriptors.cc
std::vector<Way> signal_ways();      // wire_signals.cc
std::vector<Way> memory_ways();      // wire_memory.cc

}  // namespace oklo::experiments
