#include "process/daemon.h"

#include <algorithm>
#include <cstring>

#include "sys/process.h"
#include "sys/socket_pair.h"

namespace oklo {

namespace {

constexpr size_t kTextBytesMax = 1000;
constexpr unsigned kUmask = 027;

// The report as it passes from one process to the other.
struct Report {
  int exit_code;
  char text[kTextBytesMax];
};

StartOutcome failed(const Error& error) { return {1, error.text}; }

}  // namespace

// A second fork, after setsid, makes sure that the daemon is no session leader and never gets a terminal.
std::optional<StartOutcome> Daemon::detach() {
  Result<sys::SocketPair> pair = sys::SocketPair::create();
  if (!pair) return failed(pair.error());
  Result<pid_t> child = sys::fork_process();
  if (!child) return failed(child.error());
  if (*child != 0) {
    pair->second.reset();
    return await_report(std::move(pair->first));
  }
  pair->first.reset();
  report_to_ = std::move(pair->second);
  if (Result<void> session = sys::new_session(); !session) give_up(session.error());
  Result<pid_t> grandchild = sys::fork_process();
  if (!grandchild) give_up(grandchild.error());
  if (*grandchild != 0) sys::exit_now(0);
  sys::set_umask(kUmask);
  if (Result<void> moved = sys::change_directory("/"); !moved) give_up(moved.error());
  if (Result<void> detached = sys::detach_std_fds(); !detached) give_up(detached.error());
  return std::nullopt;
}

void Daemon::give_up(const Error& error) {
  report(failed(error));
  sys::exit_now(1);
}

void Daemon::report(const StartOutcome& outcome) {
  if (!report_to_) return;
  Report report = {};
  report.exit_code = outcome.exit_code;
  std::memcpy(report.text, outcome.text.data(), std::min(outcome.text.size(), kTextBytesMax - 1));
  std::span<const char> bytes(reinterpret_cast<const char*>(&report), sizeof report);
  if (sys::send_message(report_to_.get(), bytes) >= 0) report_to_.reset();
}

StartOutcome Daemon::await_report(sys::Fd from) {
  Report report = {};
  sys::Fd none;
  sys::wait_for_message(from.get());
  long n = sys::receive_message(from.get(), {reinterpret_cast<char*>(&report), sizeof report}, none);
  if (n == static_cast<long>(sizeof report)) return {report.exit_code, report.text};
  return {1, "the service ended before it was up"};
}

}  // namespace oklo
