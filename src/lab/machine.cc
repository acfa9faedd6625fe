#include "lab/machine.h"

#include "base/civil_time.h"
#include "base/number.h"
#include "sys/file.h"
#include "sys/proc_text.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo::lab {

namespace {

constexpr size_t kProcBytesMax = 1 << 20;

std::string content_of(const char* path) {
  Result<std::string> text = sys::read_file(path, kProcBytesMax);
  return text ? std::move(text).value() : std::string();
}

std::string first_line(std::string text) { return text.substr(0, text.find('\n')); }

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.processor = sys::parse_processor_name(content_of("/proc/cpuinfo"));
  machine.processors = sys::usable_processors();
  machine.kernel = "Linux " + first_line(content_of("/proc/sys/kernel/osrelease"));
  machine.memory_mib = sys::parse_memory_kib(content_of("/proc/meminfo")).value_or(0) / 1024;
  char date[kTimestampSize];
  write_timestamp(date, civil_time(sys::wall_time().seconds));
  machine.date = std::string(date, 10);
  return machine;
}

std::string describe(const Machine& machine) {
  std::string text = machine.processor.empty() ? "" : machine.processor + ", ";
  text += decimal(machine.processors) + (machine.processors == 1 ? " processor" : " processors");
  if (machine.memory_mib)
    text += ", " + fixed(static_cast<double>(machine.memory_mib) / 1024, 0) + " GiB";
  return text + ", " + machine.kernel + "; " + machine.date;
}

}  // namespace oklo::lab
