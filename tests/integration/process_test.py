"""The master and its workers: faults, reloads, signals, the daemon."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time

from harness import (OKLO, Client, Oklo, alive, children, connections, cpu_seconds, descendants, files,
                     free_port, get, listening, mode, needs, request, run_oklo, state, timeout, title,
                     wait_until, let_pass)
from load import Load

SITE = {"index.html": b"hello"}


@contextlib.contextmanager
def service(*flags, workers=4, **options):
    """An oklo with a control socket of its own."""
    with files({}) as place:
        control = os.path.join(place, "control")
        options.setdefault("root", SITE)
        with Oklo("serve", "127.0.0.1:{port}", "{root}", "--workers", workers, "--control", control, *flags,
                  **options) as oklo:
            oklo.control = control
            wait_until(lambda: "serving" in oklo.stderr(), what="the service to be up")
            yield oklo


def status(oklo):
    return json.loads(run_oklo("status", "--json", "--control", oklo.control).stdout)


def states(oklo):
    return [worker["state"] for worker in status(oklo)["workers"]]


def command(oklo, name):
    done = run_oklo(name, "--control", oklo.control, timeout=30)
    return done.returncode, (done.stdout + done.stderr).strip()


class Askers(Load):
    """Threads that ask for one page after the other, each on a new connection."""

    def __init__(self, port, threads=4):
        super().__init__(*[self._run] * threads)
        self.port, self.answered, self.unconnected, self.cut = port, 0, [], 0

    def _run(self):
        while self.running:
            try:
                client = Client(self.port)
            except OSError as error:
                self.unconnected.append(error)
                continue
            with client:
                try:
                    assert client.send(request("GET", connection="close")).response().body == b"hello"
                    self.answered += 1
                except (EOFError, ConnectionError):
                    self.cut += 1


def test_new_connections_succeed_while_workers_are_killed():
    with service() as oklo, Askers(oklo.port) as load:
        kills = 0
        for _ in range(30):
            if pids := oklo.workers():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(pids), signal.SIGKILL)
                    kills += 1
            let_pass(0.1)
        load.running = False
        assert not load.unconnected, load.unconnected
        assert load.answered > 100
        # Only what a killed worker had accepted may be cut: what each thread had under way.
        assert load.cut <= kills * len(load.threads), (load.cut, kills)


def test_a_stopped_worker_keeps_nobody_waiting():
    with service() as oklo:
        stopped = oklo.workers()[1]
        os.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: "stopped" in states(oklo), what="the master to see it")
        for _ in range(100):
            assert get(oklo.port).body == b"hello"
        assert command(oklo, "health")[0] == 0
        os.kill(stopped, signal.SIGCONT)
        wait_until(lambda: states(oklo) == ["ready"] * 4, what="all to be ready")


def test_status_and_health_while_every_worker_is_stopped():
    with service(workers=2) as oklo:
        for pid in oklo.workers():
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: states(oklo) == ["stopped"] * 2, what="the master to see it")
        code, text = command(oklo, "status")
        assert code == 0 and text.count("stopped") == 2, text
        code, text = command(oklo, "health")
        assert code == 1 and "no worker is ready" in text


def reload_under_wrk(*headers):
    with service() as oklo:
        fields = [word for header in headers for word in ("-H", header)]
        wrk = subprocess.Popen(["wrk", "-t1", "-c16", "-d600", *fields, f"http://127.0.0.1:{oklo.port}/"],
                               stdout=subprocess.PIPE, text=True)
        for _ in range(50):
            code, text = command(oklo, "reload")
            assert code == 0, text
            before = status(oklo)["requests"]
            wait_until(lambda: status(oklo)["requests"] > before, what="the new ones to answer")
        wrk.send_signal(signal.SIGINT)
        report = wrk.communicate()[0]
        print(report)
        assert "Socket errors" not in report and "Non-2xx" not in report
        assert status(oklo)["generation"] == 51
        wait_until(lambda: states(oklo) == ["ready"] * 4, what="the old ones to leave")


@needs("wrk")
@timeout(300)
def test_reloads_with_a_connection_a_request():
    reload_under_wrk("Connection: close")


@needs("wrk")
@timeout(300)
def test_reloads_with_keep_alive():
    reload_under_wrk()


def test_reloads_at_once_share_the_one_that_follows():
    with service(workers=2) as oklo:
        reloads = [subprocess.Popen([OKLO, "reload", "--control", oklo.control]) for _ in range(12)]
        assert [reload.wait() for reload in reloads] == [0] * 12
        assert 2 <= status(oklo)["generation"] <= 13
        wait_until(lambda: states(oklo) == ["ready"] * 2, what="the old ones to leave")


def test_a_reload_lets_an_idle_client_have_one_more_answer():
    with service(workers=1) as oklo, Client(oklo.port) as client:
        assert client.get().body == b"hello"
        oklo.kill(signal.SIGHUP)
        oklo.wait_for_stderr("generation 2 is ready")
        last = client.get()
        if mode() == "process":  # The gate stays.
            assert last.field("connection") is None and client.get().body == b"hello"
            return
        assert last.body == b"hello" and last.field("connection") == "close"
        assert client.closed()


def test_a_crash_loop_is_seen_and_costs_little():
    with service(workers=3) as oklo:
        def kill_second():
            for pid in oklo.workers():
                if title(pid) == "oklo: worker 2":
                    os.kill(pid, signal.SIGKILL)
            return "the next one starts in 100 ms" in oklo.stderr()
        wait_until(kill_second, what="a back-off")
        assert any(worker["restarts"] >= 4 for worker in status(oklo)["workers"])
        before, end = cpu_seconds(oklo.pid), time.monotonic() + 1
        while time.monotonic() < end:
            kill_second()
            assert get(oklo.port).body == b"hello"
        assert cpu_seconds(oklo.pid) - before < 0.5


def test_an_idle_worker_is_not_woken():
    with service(workers=1) as oklo:
        def switches():
            with open(f"/proc/{oklo.workers()[0]}/status") as file:
                return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M)[1])
        before = switches()
        let_pass(2)
        assert switches() - before <= 1


def test_workers_leave_when_the_master_is_killed():
    with service(code=-signal.SIGKILL) as oklo:
        workers = oklo.workers()
        with Client(oklo.port) as client:
            client.get()
            oklo.kill(signal.SIGKILL)
            assert client.closed()
        wait_until(lambda: not any(map(alive, workers)), what="the workers to leave")
        wait_until(lambda: not listening(oklo.port), what="the listeners to be closed")


def busy_client(port):
    """A client in the middle of a request, for which a graceful stop waits."""
    client = Client(port)
    client.send(b"GET / HTTP/1.1\r\n")
    return client


def test_term_waits_for_what_is_under_way_and_refuses_what_is_new():
    with service(workers=2) as oklo, busy_client(oklo.port) as client:
        wait_until(lambda: connections(status(oklo)) == 1)
        oklo.kill(signal.SIGTERM)
        wait_until(lambda: not listening(oklo.port), what="the listeners to be closed")
        answer = client.send(b"Host: x\r\n\r\n").response()
        assert answer.body == b"hello" and answer.field("connection") == "close"
        assert client.closed()
        assert oklo.process.wait(10) == 0


def test_clients_that_wait_to_be_accepted_are_answered_before_a_stop():
    with service(workers=1) as oklo:
        worker, = oklo.workers()
        os.kill(worker, signal.SIGSTOP)
        clients = [Client(oklo.port).send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(100)]
        oklo.kill(signal.SIGTERM)
        oklo.wait_for_stderr("stopping within")
        os.kill(worker, signal.SIGCONT)
        for client in clients:
            with client:
                assert client.response().body == b"hello"
                assert client.closed()
        assert oklo.process.wait(10) == 0


def test_a_second_term_ends_all_at_once():
    with service(workers=2) as oklo, busy_client(oklo.port):
        wait_until(lambda: connections(status(oklo)) == 1)
        oklo.kill(signal.SIGTERM)
        oklo.wait_for_stderr("stopping within")
        oklo.kill(signal.SIGTERM)
        assert oklo.process.wait(2) == 0


def test_stop_answers_when_all_is_gone():
    with service() as oklo:
        assert command(oklo, "stop") == (0, "")
        assert not listening(oklo.port) and not os.path.exists(oklo.control)
        wait_until(lambda: state(oklo.pid) == "Z", 1, "the master to end")


def test_signals_that_the_parent_ignored_are_heard():
    ignoring = ["sh", "-c", "trap '' INT HUP CHLD; exec \"$0\" \"$@\""]
    with service(workers=2, prefix=ignoring) as oklo:
        before = oklo.workers()
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: states(oklo) == ["ready"] * 2 and oklo.workers() != before, what="a new worker")
        oklo.kill(signal.SIGHUP)
        oklo.wait_for_stderr("generation 2 is ready")
        assert oklo.stop(signal.SIGINT) == 0


def test_signals_to_a_worker_do_nothing():
    with service(workers=1) as oklo:
        worker = oklo.workers()
        for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1:
            os.kill(worker[0], number)
        assert get(oklo.port).body == b"hello"
        assert oklo.workers() == worker


def test_the_access_log_is_opened_again():
    with files({}) as place:
        log, old = os.path.join(place, "log"), os.path.join(place, "old")
        with service("--access-log", log, workers=2) as oklo:
            get(oklo.port)
            wait_until(lambda: os.path.getsize(log) > 0, what="a line in the log")
            os.rename(log, old)
            oklo.kill(signal.SIGRTMIN + 1)
            wait_until(lambda: os.path.exists(log), what="a new log")
            get(oklo.port)
            wait_until(lambda: os.path.getsize(log) > 0, what="a line in the new log")
            for pid in [oklo.pid] + oklo.workers():
                held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
                assert old not in held, held


# ---- process 1

def inner(oklo):
    """The pid, seen from here, of the one process that unshare started."""
    return wait_until(lambda: children(oklo.pid), what="the process in the namespace")[0]


def with_zombies(pid):
    """How many children it has, those that nobody has waited for too."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return len(file.read().split())


@needs("root", "unshare")
def test_process_1_reaps_orphans_and_stops_on_term():
    orphan = "(sh -c 'exec 9>&-; read -r line < \"$FIFO\"' &); exec \"$0\" \"$@\""
    with files({}) as place:
        fifo = os.path.join(place, "fifo")
        os.mkfifo(fifo)
        prefix = ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc", "sh", "-c", orphan]
        with service(workers=2, prefix=prefix, env={"FIFO": fifo}) as oklo:
            master = inner(oklo)
            assert len(children(master)) == 3
            kept_ones = [pid for pid in descendants(master) if title(pid).startswith("oklo: ")]
            with open(fifo, "w") as file:
                file.write("\n")
            wait_until(lambda: descendants(master) == kept_ones, what="the orphan's end")
            wait_until(lambda: with_zombies(master) == 2, what="the zombie's end")
            os.kill(master, signal.SIGTERM)
            assert oklo.process.wait(10) == 0


@needs("root", "unshare", "busybox", "static")
def test_a_bare_chroot_that_is_read_only_as_process_1_without_rights():
    with files({"www/index.html": b"hello"}) as root:
        for program in OKLO, shutil.which("busybox"):
            shutil.copy(program, root)
        script = ('mount --bind "$R" "$R" && mount -o remount,ro,bind "$R" && '
                  'exec chroot --userspec=65534:65534 "$R" /oklo "$@"')
        prefix = ["unshare", "--fork", "--kill-child", "--pid", "--mount", "sh", "-c", script]
        with Oklo("serve", "127.0.0.1:{port}", "/www", program="oklo", prefix=prefix,
                  env={"R": root}) as oklo:
            wait_until(lambda: "serving" in oklo.stderr(), what="the service to be up")
            assert get(oklo.port).body == b"hello"
            assert oklo.stderr().count("no control socket") == 1
            os.kill(inner(oklo), signal.SIGTERM)
            assert oklo.process.wait(10) == 0


@needs("root", "unshare")
def test_root_of_a_namespace_without_other_users():
    prefix = ["unshare", "--user", "--map-root-user"]
    with service(workers=1, prefix=prefix) as oklo:
        assert get(oklo.port).body == b"hello"
        assert "stays root" in oklo.stderr()


# ---- the daemon

@contextlib.contextmanager
def daemon(*flags, workers=2):
    with files({"www/index.html": b"hello"}) as place:
        port = free_port()
        done = run_oklo("serve", f"127.0.0.1:{port}", "./www", "--workers", workers, "-d",
                        "--pid-file", "pid",
                        "--control", "control", *flags, cwd=place)
        assert done.returncode == 0, done.stderr
        with open(os.path.join(place, "pid")) as file:
            pid = int(file.read())
        try:
            yield place, port, pid
        finally:
            if alive(pid):
                os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not alive(pid), what="the daemon to end")


def test_the_daemon_is_up_when_its_parent_ends():
    with daemon() as (place, port, pid):
        assert get(port).body == b"hello"
        assert title(pid) == "oklo: master"
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
        with open(f"/proc/{pid}/stat") as file:
            _, _, group, session, terminal = file.read().rpartition(")")[2].split()[:5]
        assert int(session) != pid and int(group) == int(session) and terminal == "0"
        with open(f"/proc/{pid}/status") as file:
            assert re.search(r"^Umask:\s+0027$", file.read(), re.M)
        assert run_oklo("reload", "--control", os.path.join(place, "control")).returncode == 0
        assert get(port).body == b"hello"
        assert run_oklo("stop", "--control", os.path.join(place, "control")).returncode == 0
        assert sorted(os.listdir(place)) == ["www"]


def test_a_daemon_that_fails_says_why_and_leaves_nothing():
    with daemon() as (place, port, pid):
        def second(*flags, cwd=place):
            return run_oklo("serve", "-d", "./www", *flags, cwd=cwd)
        done = second(f"127.0.0.1:{port}", "--control", "off")
        assert done.returncode == 111 and done.stderr.count("\n") == 1 and str(port) in done.stderr
        done = second("127.0.0.1:0", "--control", "off", "--pid-file", "pid")
        assert done.returncode == 111 and str(pid) in done.stderr
        done = second("127.0.0.1:0", "--control", "control")
        assert done.returncode == 111 and "control" in done.stderr
        done = second("127.0.0.1:0", "--control", "off", "--access-log", "stderr")
        assert done.returncode == 100 and done.stderr.startswith("oklo: ")
        done = second("127.0.0.1:0", "--control", "off", "--user", "no-such-user")
        assert done.returncode == 100 and "no-such-user" in done.stderr
        assert get(port).body == b"hello"
        assert descendants(os.getpid()) == [] or descendants(os.getpid()) == [pid] + children(pid)


def test_a_unix_socket_of_a_daemon_with_a_relative_path():
    with files({"www/index.html": b"hello"}) as place:
        done = run_oklo("serve", "unix:socket", "./www", "-d", "--pid-file", "pid", "--control", "control",
                        "--workers", "2", cwd=place)
        assert done.returncode == 0, done.stderr
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.path.join(place, "socket"))
            client.sendall(request("GET", connection="close"))
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert run_oklo("stop", "--control", os.path.join(place, "control")).returncode == 0
        assert sorted(os.listdir(place)) == ["www"]


def test_a_port_in_use_is_an_error_and_leaves_nothing():
    with socket.create_server(("127.0.0.1", 0)) as holder, files(SITE) as root:
        port = holder.getsockname()[1]
        done = run_oklo("serve", f"127.0.0.1:{port}", root, "--control", "off")
        assert done.returncode == 111
        assert done.stderr == (f"oklo: cannot listen on 127.0.0.1:{port}: Address already in use; "
                               "stop what listens there, or choose another address\n")
        assert not descendants(os.getpid())
