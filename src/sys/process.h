#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sys/close_fds.h"
#include "sys/proc_text.h"
#include "sys/title.h"

namespace oklo::sys {

pid_t current_pid();
pid_t current_thread();  // its number; of the first thread of a process the pid
uid_t effective_uid();

// As fork(2): 0 in the child, its pid in the parent.
Result<pid_t> fork_process();

// What waitid(2) tells of one child.
struct ChildEvent {
  enum class Kind { exited, killed, stopped, continued };
  pid_t pid = 0;
  Kind kind = Kind::exited;
  int status = 0;  // exit code or signal number

  // Of one that ended, the status as waitpid(2) gives it.
  int wait_status() const { return kind == Kind::exited ? status << 8 : status; }
  // "exited with 1", "was killed by signal 9".
  std::string how() const;
};
// The next child that ended, stopped or went on, if there is one; never waits.
std::optional<ChildEvent> next_child_event();

// The next child that ends, waited for; empty where there is no child.
std::optional<ChildEvent> wait_for_child();

// Children that end are forgotten by the kernel at once, and none is told of: SIGCHLD is ignored
// (sigaction(2), waitid(2)). Else each is a zombie until it is waited for.
void leave_no_zombies();

// Whether that is a child of this process, running or not waited for.
bool is_child(pid_t pid);

// Waits until that child has ended; it stays to be reaped.
void wait_for_end(pid_t child);
// Waits until that child has ended, and reaps it; nothing when there is none.
std::optional<ChildEvent> reap(pid_t child);

void send_signal(pid_t pid, int signal);
// To one thread of it.
void send_signal(pid_t pid, pid_t thread, int signal);

// A process stands in a process group of its own, whose number is its pid (setpgid(2)); pid 0 is this one.
void lead_group(pid_t pid);
// To all processes of a group.
void signal_group(pid_t group, int signal);

// Children that lose their parent become ours (PR_SET_CHILD_SUBREAPER, prctl(2)).
void become_subreaper();

// Whether this process is killed when its parent ends (PR_SET_PDEATHSIG, prctl(2)): also at once when that is
// not `parent` any more.
void die_with_parent(pid_t parent);
// The same with another signal.
void signal_with_parent(pid_t parent, int signal);
void outlive_parent();

// Gives up root: no groups but `gid` and `others`, then all three user ids (credentials(7)).
Result<void> become_user(uid_t uid, gid_t gid, const std::vector<gid_t>& others = {});

// Raises the limit of open files as far as anybody may; where that is less than wanted, also further, as root
// may. The limit it has now.
uint64_t raise_file_limit(uint64_t wanted = 0);
uint64_t file_limit();
// No fd of a number from `limit` on can be opened any more.
Result<void> lower_file_limit(uint64_t limit);

// How many processors this process may use (sched_getaffinity(2)), at least 1.
unsigned usable_processors();
// This process runs on one of them alone from now on: the n-th from 0 on, and again from the first.
Result<void> pin_to_processor(unsigned n);

// Stands in a new session without a terminal: setsid(2).
Result<void> new_session();
mode_t set_umask(mode_t mask);  // the one before
Result<void> change_directory(const char* path);

// Takes those numbers of 0, 1 and 2 that are free, so that no socket gets one: what is written to stderr
// would go to a client. Reading and writing there fail as before.
void hold_std_fds();

// Standard input, output and error become /dev/null.
Result<void> detach_std_fds();

// Ends the process at once; no destructors, no exit handlers.
[[noreturn]] void exit_now(int code);

// "/proc/PID", where the kernel tells of a process (proc(5)).
std::string proc_folder(pid_t pid);

// What /proc/PID says: resident memory of its own in KiB (statm: resident minus shared), and whether it
// is stopped (stat, state T). Zero and false when /proc is not there.
struct ProcessInfo {
  uint64_t private_kib = 0;
  bool stopped = false;
};
ProcessInfo process_info(pid_t pid);

// What /proc/PID/status tells of a process, or of one thread of it. Nothing when /proc is not there, nor it.
std::optional<TaskStatus> process_status(pid_t pid);
std::optional<TaskStatus> thread_status(pid_t pid, pid_t thread);

}  // namespace oklo::sys
