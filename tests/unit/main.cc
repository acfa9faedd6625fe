#define DOCTEST_CONFIG_IMPLEMENT

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <doctest/doctest.h>

// The main program of the unit tests and of the fault tests. A test case that hangs is named and
// ends the program; the runner ends what it left behind.
namespace {

constexpr unsigned kTestSeconds = 120;

volatile const char* current_test = "";

void on_alarm(int) {
  auto say = [](const char* text) { (void)!write(STDERR_FILENO, text, strlen(text)); };
  say("\nhangs: ");
  say(const_cast<const char*>(current_test));
  say("\n");
  _exit(124);
}

struct Watch : doctest::IReporter {
  explicit Watch(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override { alarm(0); }
  void test_case_start(const doctest::TestCaseData& test) override {
    current_test = test.m_name;
    alarm(kTestSeconds);
  }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

}  // namespace

REGISTER_LISTENER("watch", 1, Watch);

int main(int argc, char** argv) {
  signal(SIGALRM, on_alarm);
  return doctest::Context(argc, argv).run();
}
