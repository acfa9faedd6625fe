// A process for each connection, forked when it comes.
//
// Who waits where: the first process in accept; each child in read, for its own client alone.
// Connection N+1: has a process of its own, as has every other, so nobody waits for anybody. There is no end
// to that but RLIMIT_NPROC, pids.max of a control group, or memory: then fork fails, and the connection is
// closed.
// What it costs: a fork for each connection, before the first byte is read, which takes several times as long
// as the answer: the page tables are copied, and each page that is written to later. Some 100 KiB of memory
// for each that is open, and a switch for each read.
// What is easily left out: a child that has ended is a zombie until its parent waits for it, and the parent
// is in accept. Here the kernel forgets them by itself (SIGCHLD ignored). The parent closes its copy of the
// socket, or the client would never see the end; and the child closes the listening one.
// What the next model mends: prefork has its processes made before anybody comes.
#include "models/children.h"
#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/process.h"

namespace oklo::models {

Result<void> run_fork_per_connection(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::blocking);
  if (!listener) return listener.error();
  sys::leave_no_zombies();
  stage.listening(listener->address());
  for (uint64_t number = 0;;) {
    sys::Fd client = listener->take();
    if (!client) continue;
    Result<pid_t> started = start_child([&] {
      listener->close();
      converse(client.get(), number);
    });
    if (started) number++;
  }
}

}  // namespace oklo::models
