#pragma once

#include <string>

#include "server/side_process.h"

#include <oklo/function.h>
#include <oklo/process.h>

namespace oklo {

// A process of the program's own, as the program described it.
struct ProcessPart {
  std::string name;
  Function<void()> start;
  ProcessOptions options;

  // What is wrong with it, for whoever wrote it, or nullptr.
  const char* fault() const;
};

// The same, in that process.
class UserProcess final : public SideProcess {
 public:
  UserProcess(WorkerContext& context, const ProcessPart& part, Reach reach, uint32_t connections_max)
      : SideProcess(context, reach, connections_max), part_(part) {}

  void serve(uint32_t slot) override;

 private:
  void on_leave() override;

  const ProcessPart& part_;
  bool begun_ = false;
};

}  // namespace oklo
