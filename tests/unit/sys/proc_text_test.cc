#include "sys/proc_text.h"

#include <doctest/doctest.h>

#include "guarded.h"

namespace sys = oklo::sys;

namespace {

constexpr std::string_view kStatus =
    "Name:\tState: R) 1\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t12\nPid:\t12\nPPid:\t7\nThreads:\t1\n"
    "voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t3\n";

}  // namespace

TEST_CASE("sys/proc_text: the status of a task") {
  auto status = sys::parse_status(kStatus);
  REQUIRE(status);
  CHECK(status->state == 'S');
  CHECK(status->parent == 7);
  CHECK(status->voluntary == 150);
  CHECK(status->involuntary == 3);
  CHECK(status->sleeps());
  status->state = 'R';
  CHECK(!status->sleeps());
  status->state = 't';
  CHECK(!status->sleeps());
}

TEST_CASE("sys/proc_text: a status that ends anywhere is none, until all is there") {
  const size_t whole = kStatus.size() - 1;  // the last end of line may be missing
  for (size_t size = 0; size <= kStatus.size(); size++) {
    Guarded text(kStatus.substr(0, size));
    CHECK(sys::parse_status(text.view()).has_value() == (size >= whole));
  }
}

TEST_CASE("sys/proc_text: memory, the processor and what is not there") {
  CHECK(sys::parse_proportional_kib("55dc-7ffc ---p 00000000 00:00 0  [rollup]\nRss:    1696 kB\n"
                                    "Pss:     204 kB\nPss_Dirty:  112 kB\n") == 204);
  CHECK(!sys::parse_proportional_kib(""));
  CHECK(!sys::parse_proportional_kib("Pss: many kB\n"));
  CHECK(sys::parse_processor_name("processor\t: 0\nmodel name\t: AMD EPYC 7 \n\nprocessor\t: 1\n"
                                  "model name\t: other\n") == "AMD EPYC 7");
  CHECK(sys::parse_processor_name("processor : 0\nModel : Raspberry Pi 4\n") == "Raspberry Pi 4");
  CHECK(sys::parse_processor_name("processor : 0\n").empty());
  CHECK(sys::parse_memory_kib("MemTotal:       24683672 kB\nMemFree: 1 kB\n") == 24683672);
  CHECK(!sys::parse_memory_kib("MemFree: 1 kB\n"));
}
