#include <iterator>

#include "models/model.h"
#include "models/runs.h"

namespace oklo::models {

namespace {

constexpr Model kStory[] = {
    {"blocking", "one process, one client at a time",
     "nc 127.0.0.1 8080 in one shell, curl http://127.0.0.1:8080/ in another: curl waits until nc ends",
     true, run_blocking},
    {"fork-per-connection", "a process for each connection, forked when it comes",
     "nc 127.0.0.1 8080 in some shells, ps --forest in another: a process for each, no zombie left",
     true, run_fork_per_connection},
    {"prefork", "some processes made beforehand; each of them accepts",
     "nc 127.0.0.1 8080 in as many shells as workers; curl http://127.0.0.1:8080/ waits for one to end",
     true, run_prefork},
    {"leader-follower", "some threads; the leader accepts, makes the next one leader, and serves",
     "for i in 1 2 3 4 5; do curl -si http://127.0.0.1:8080/ | grep Worker; done: who led",
     true, run_leader_follower},
    {"thread-per-connection", "a thread for each connection, started when it comes",
     "wrk -c 500 http://127.0.0.1:8080/ and meanwhile ps -eLf | grep -c oklo: the threads",
     true, run_thread_per_connection},
    {"select", "one thread, many clients, up to fd 1,023",
     "wrk -t 1 -c 900 http://127.0.0.1:8080/ and then with -c 1100: what is above 1,023 is closed",
     true, run_select},
    {"poll", "one thread, many clients, and a list of them for each call",
     "wrk -c 10, then -c 10000, http://127.0.0.1:8080/: each call asks for all",
     true, run_poll},
    {"epoll-level", "one thread, many clients; the kernel keeps the list",
     "wrk -c 10, then -c 10000, http://127.0.0.1:8080/: who is silent costs nothing",
     true, run_epoll_level},
    {"epoll-edge", "the same, told once of each change, so all is done until EAGAIN",
     "strace -c -p $(pgrep -f epoll-edge), then wrk http://127.0.0.1:8080/: no epoll_ctl in between",
     true, run_epoll_edge},
    {"half-sync-half-async", "a thread that reads requests, a queue, and a pool that answers them",
     "for i in 1 2 3 4 5; do curl -si http://127.0.0.1:8080/ | grep Worker; done: which thread answered",
     true, run_half_sync_half_async},
    {"reactor-threads", "a thread that accepts, and epoll loops in others; fd % R says which",
     "nc 127.0.0.1 8080 in some shells; curl -si http://127.0.0.1:8080/: X-Worker is fd % workers",
     true, run_reactor_threads},
    {"prefork-reactor", "epoll loops in processes on one listening socket, with the herd",
     "perf stat -e context-switches -p $(pgrep -d, -f reactor), then curl http://127.0.0.1:8080/: "
     "all wake",
     true, run_prefork_reactor},
    {"prefork-reactor-exclusive", "the same; one of them is woken: EPOLLEXCLUSIVE",
     "for i in 1 2 3 4 5; do curl -si http://127.0.0.1:8080/ | grep Worker; done: mostly the same one",
     true, run_prefork_reactor_exclusive},
    {"prefork-reactor-lock", "the same; who holds a lock watches the listening socket",
     "kill -9 one of the workers, whoever has the lock, and curl http://127.0.0.1:8080/ again",
     true, run_prefork_reactor_lock},
    {"prefork-reactor-reuseport", "the same, with a listening socket each: SO_REUSEPORT",
     "kill -STOP a worker; one of so many curl http://127.0.0.1:8080/ waits until kill -CONT",
     true, run_prefork_reactor_reuseport},
    {"master-hands-out", "one process accepts, and passes each connection on to a worker",
     "for i in 1 2 3 4 5; do curl -si http://127.0.0.1:8080/ | grep Worker; done: they take turns",
     true, run_master_hands_out},
    {"daemon", "goes into the background by the book, and serves there",
     "ps -o pid,ppid,sid,tty,args -p $(cat oklo-model.pid); curl http://127.0.0.1:8080/; kill $(cat "
     "oklo-model.pid)",
     true, run_daemon},
    {"signals", "a master and workers that signals are for",
     "curl http://127.0.0.1:8080/ and kill the first process with -USR1 (tell), -HUP (renew), -TERM "
     "(end); a worker with -9",
     true, run_signals},
};

}  // namespace

const std::vector<Model>& catalogue() {
  static const std::vector<Model> kModels(std::begin(kStory), std::end(kStory));
  return kModels;
}

}  // namespace oklo::models
