#pragma once

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// Runs `body` in a forked process; the exit code that `body` returned, or 1000 and the number of the
// signal that ended it. For what changes the whole process: signals, fds, user, title.
template <class Body>
int in_child(Body body) {
  pid_t pid = fork();
  if (pid < 0) abort();
  if (pid == 0) _exit(body());
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) abort();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

// The same of a body that is expected to end with a failed assertion, whose line on stderr nobody needs.
inline int aborts(void (*body)()) {
  return in_child([&] {
    signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    body();
    return 0;
  });
}
