"""The models of `oklo model`: each serves, whatever its clients do, and leaves nothing behind."""

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess

from harness import (OKLO, alive, base_mode_alone, cpu_seconds, free_port, let_pass, needs, open_fds,
                     request, run_oklo, timeout, wait_until)
from models import (GET, HAVE_CHILDREN, SERVED_AT_ONCE, WORKERS, Running, children, ended, listed, many_files,
                    models)

no_mode = base_mode_alone("a model is neither base mode nor process mode")
LAST = request("GET", connection="close")


def is_hello(answer):
    return (answer.status, answer.body, answer.field("content-type")) == (200, b"hello\n", "text/plain")


def reset(client):
    """Closes with RST."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def waits(client):
    """Whether nothing comes, looked at for a moment."""
    client.socket.settimeout(0.2)
    try:
        return client.socket.recv(1) is None
    except TimeoutError:
        return True
    finally:
        client.socket.settimeout(10)


@no_mode
@timeout(120)
def test_requests_in_all_pieces():
    for name in models():
        with Running(name) as model, model.client() as client:
            assert is_hello(client.send(GET).response()), name
            assert is_hello(client.send(GET).response()), name
            client.send(GET * 2)
            assert is_hello(client.response()) and is_hello(client.response()), name
            client.send(GET * 200 + GET[:7])
            assert all(is_hello(client.response()) for _ in range(200)), name
            assert is_hello(client.send(GET[7:]).response()), name
            for place in range(1, len(GET)):
                client.send(GET[:place])
                client.send(GET[place:])
                assert is_hello(client.response()), (name, place)
            for byte in GET:
                client.send(bytes([byte]))
            assert is_hello(client.response()), name
            last = client.send(LAST + GET).response()
            assert is_hello(last) and last.field("connection") == "close", name
            assert client.closed(), name


@no_mode
@timeout(120)
def test_bad_requests():
    bad = [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n",
           request("POST", body=b"x"), b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", b"x" * 9000]
    for name in models():
        with Running(name) as model:
            for raw in bad:
                with model.client() as client:
                    answer = client.send(raw).response()
                    assert (answer.status, answer.field("connection")) == (400, "close"), (name, raw[:20])
                    assert client.closed(), (name, raw[:20])
            with model.client() as client:
                client.send(GET + bad[0])
                assert is_hello(client.response()) and client.response().status == 400, name
            with model.client() as client:
                assert is_hello(client.send(b"GET / HTTP/1.0\r\n\r\n").response()) and client.closed(), name


@no_mode
@timeout(120)
def test_one_client_more():
    for name in models():
        count = SERVED_AT_ONCE.get(name, 30)
        with Running(name) as model, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(model.client()) for _ in range(count)]
            assert all(is_hello(client.send(GET).response()) for client in clients), name
            more = stack.enter_context(model.client()).send(GET)
            if name in SERVED_AT_ONCE:
                assert waits(more), name
                clients[0].close()
            assert is_hello(more.response()), name


@no_mode
@timeout(120)
def test_who_answers():
    for name in models():
        with Running(name) as model, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(model.client()) for _ in range(SERVED_AT_ONCE.get(name, 12))]
            workers = [int(client.send(GET).response().field("x-worker")) for client in clients]
            if name in ("fork-per-connection", "thread-per-connection"):
                assert workers == list(range(12)), (name, workers)
            elif name == "master-hands-out":
                assert [workers.count(worker) for worker in range(WORKERS)] == [6, 6], (name, workers)
            elif name == "reactor-threads":  # Which numbers are free says the kernel.
                assert min(workers.count(worker) for worker in range(WORKERS)) >= 3, (name, workers)
            else:
                assert set(workers) <= set(range(WORKERS)), (name, workers)


@no_mode
@timeout(120)
def test_rude_clients_harm_nobody():
    for name in models():
        with Running(name) as model:
            with model.client() as client:
                client.send(LAST).response()
            for _ in range(20):
                reset(model.client())
                model.client().send(GET[:9]).close()
                reset(model.client().send(GET[:9]))
                reset(model.client().send(GET * 1000))
                model.client().send(GET * 1000).close()
                reset(model.client().send(os.urandom(3000)))
            with model.client() as client:
                assert is_hello(client.send(LAST).response()), name
            with model.client() as client:
                client.send(GET).end()
                assert is_hello(client.response()) and client.closed(), name
            wait_until(lambda: all(not children(pid, zombies=True) for pid in model.all()), 10,
                       f"no zombie of {name}")
            if name == "fork-per-connection":
                wait_until(lambda: not children(model.pid), 10, "the children to end")


@no_mode
@timeout(120)
def test_who_does_not_read_keeps_nobody():
    for name in models():
        if name in ("blocking",):
            continue
        with Running(name) as model, model.client() as slow:
            asked = send_until_full(slow)
            with model.client() as client:
                for _ in range(3):
                    assert is_hello(client.send(GET).response()), name
            slow.socket.settimeout(20)
            assert all(is_hello(slow.response()) for _ in range(asked)), name


def send_until_full(client):
    """Asks until nothing more goes; how many requests are whole by then, the last one completed later."""
    client.socket.setblocking(False)
    block, sent = GET * 100, 0
    with contextlib.suppress(BlockingIOError):
        while True:
            sent += client.socket.send(block[sent % len(block):])
    client.socket.setblocking(True)
    return sent // len(GET)


def files_open(model):
    """How many each process of it has, but for one that ends just now."""
    counts = {}
    for pid in model.all():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            counts[pid] = open_fds(pid)
    return counts


def is_set_up(model):
    """Whether its children have as many files as one that has served: some open theirs when they begin."""
    return len({count for pid, count in files_open(model).items() if pid != model.pid}) <= 1


@no_mode
@timeout(120)
def test_nothing_leaks():
    """A connection that is not closed yet when its client has left may be among those before, as one more."""
    for name in models():
        with Running(name) as model:
            with model.client() as client:
                client.send(LAST).response()
            wait_until(lambda: is_set_up(model), what=f"all workers of {name} to have opened what they need")
            before = files_open(model)
            for _ in range(100):
                with model.client() as client:
                    assert is_hello(client.send(LAST).response()), name
            wait_until(lambda: all(count <= before[pid] for pid, count in files_open(model).items()
                                   if pid in before), 10, f"the fds of {name} to be as before")
            wait_until(lambda: set(model.all()) == set(before) or name == "fork-per-connection", 10,
                       f"the processes of {name} to be as before")


@no_mode
@timeout(120)
def test_the_end():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        for name in models():
            with Running(name) as model, model.client() as client:
                assert is_hello(client.send(GET).response()), name
                model.stop(number)
                with contextlib.suppress(ConnectionResetError):
                    assert client.closed(), name


@no_mode
def test_a_worker_that_is_killed_is_replaced():
    for name in HAVE_CHILDREN:
        with Running(name) as model:
            for _ in range(3):
                victims = children(model.pid)
                assert len(victims) == WORKERS, name
                for victim in victims:
                    os.kill(victim, signal.SIGKILL)
                wait_until(lambda: all(map(ended, victims)), what=f"workers of {name} to end")
                with model.client() as client:
                    assert is_hello(client.send(LAST).response()), name
                if name == "master-hands-out":  # which looks when it is the turn of each
                    for _ in range(WORKERS):
                        with model.client() as client:
                            assert is_hello(client.send(LAST).response()), name
                wait_until(lambda: len(children(model.pid)) == WORKERS, what=f"new workers of {name}")
                assert not children(model.pid, zombies=True), name


@no_mode
def test_select_refuses_what_has_no_bit():
    many_files(4096)
    with Running("select") as model, contextlib.ExitStack() as stack:
        served, refused = [], 0
        for _ in range(1100):
            client = stack.enter_context(model.client())
            try:
                if is_hello(client.send(GET).response()):
                    served.append(client)
            except (EOFError, ConnectionError):
                refused += 1
        assert 1000 < len(served) < 1024 and refused == 1100 - len(served), (len(served), refused)
        for client in served[:3] + served[-3:]:
            assert is_hello(client.send(GET).response())
        for client in served[-20:]:
            client.send(LAST).response()
            assert client.closed()
        with model.client() as client:
            assert is_hello(client.send(GET).response())


@no_mode
@needs("prlimit")
@timeout(120)
def test_no_fd_left():
    limited = ("prlimit", "--nofile=24:24")
    for name in models():
        with Running(name, prefix=limited) as model, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(model.client()) for _ in range(80)]
            if name not in SERVED_AT_ONCE and name != "fork-per-connection":
                wait_until(lambda: any(is_closed(client) for client in clients), what="one to be refused")
            before = {pid: cpu_seconds(pid) for pid in model.all()}
            let_pass(0.5)
            spent = sum(cpu_seconds(pid) - before[pid] for pid in before if alive(pid))
            assert spent < 0.25, (name, spent)
            for client in clients:
                client.close()
            wait_until(lambda: is_served(model), what=f"{name} to serve again")


def is_served(model):
    """Whether one who comes is answered."""
    with model.client() as client:
        try:
            return is_hello(client.send(GET).response())
        except (EOFError, ConnectionError):
            return False


def is_closed(client):
    """Whether the other side has closed it, without waiting."""
    client.socket.setblocking(False)
    try:
        return client.socket.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        client.socket.settimeout(10)


@no_mode
def test_the_daemon_is_on_its_own():
    with Running("daemon") as model:
        assert model.pid_file() == f"{model.pid}\n"
        with open(f"/proc/{model.pid}/stat") as file:
            _, parent, group, session, terminal = file.read().rpartition(")")[2].split()[:5]
        assert int(session) == int(group) != model.pid and terminal == "0", (group, session, terminal)
        assert int(session) not in (os.getsid(0), model.process.pid) and int(parent) != model.process.pid
        assert os.readlink(f"/proc/{model.pid}/cwd") == "/"
        assert {os.readlink(f"/proc/{model.pid}/fd/{fd}") for fd in (0, 1, 2)} == {"/dev/null"}
        with open(f"/proc/{model.pid}/status") as file:
            assert re.search(r"^Umask:\t0027$", file.read(), re.M)
        again = subprocess.run([OKLO, "model", "daemon", f"127.0.0.1:{free_port()}"], capture_output=True,
                               text=True, cwd=model.directory.name, timeout=10)
        assert again.returncode == 111 and f"is held by process {model.pid}" in again.stderr, again
        model.stop()
        assert not os.path.exists(os.path.join(model.directory.name, "oklo-model.pid"))


@no_mode
def test_the_daemon_keeps_no_file_of_its_starter():
    read, write = os.pipe()
    os.set_inheritable(write, True)
    with Running("daemon", prefix=("env",)):
        pass
    os.close(write)
    with open(read, "rb") as file:
        assert file.read() == b""


@no_mode
def test_signals_tell_and_renew():
    with Running("signals") as model, model.client() as idle, model.client() as busy:
        assert is_hello(idle.send(GET).response())
        busy.send(GET + GET[:9])
        assert is_hello(busy.response())
        model.kill(signal.SIGUSR1)
        wait_until(lambda: len(re.findall(r"^worker \d, process \d+: \d clients? now", model.said(), re.M))
                   == WORKERS, what="each worker to tell")
        before = children(model.pid)
        model.kill(signal.SIGHUP)
        assert idle.closed()
        answer = busy.send(GET[9:]).response()
        assert is_hello(answer) and answer.field("connection") == "close" and busy.closed()
        wait_until(lambda: not any(map(alive, before)), what="the old workers to end")
        assert len(children(model.pid)) == WORKERS and not children(model.pid, zombies=True)
        with model.client() as client:
            assert is_hello(client.send(GET).response())


@no_mode
def test_signals_finish():
    with Running("signals") as model, model.client() as busy:
        busy.send(GET + GET[:9])
        assert is_hello(busy.response())
        model.kill(signal.SIGTERM)
        assert is_hello(busy.send(GET[9:]).response()) and busy.closed()
        wait_until(lambda: model.process.poll() is not None, what="the end")
        assert model.process.returncode == 0


@no_mode
def test_signals_do_not_wait_for_ever():
    for numbers in ((signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)):
        with Running("signals") as model, model.client() as silent:
            silent.send(GET + GET[:9])
            assert is_hello(silent.response())
            for number in numbers:
                model.kill(number)
            wait_until(lambda: model.process.poll() is not None, 15, "the end")


@no_mode
def test_the_command():
    assert listed()[:4] == ["blocking", "fork-per-connection", "prefork", "leader-follower"]
    assert len(models()) == 18
    for words, code, text in (
            (("prefrok",), 100, "unknown model prefrok; did you mean prefork?"),
            (("something",), 100, "unknown model something; see: oklo help model"),
            (("blocking", "nowhere:80"), 100, "nowhere"),
            (("blocking", ":1", "more"), 100, "too many words"),
            (("blocking", "--workers", "0"), 100, "bad value \"0\" for --workers")):
        done = run_oklo("model", *words)
        assert done.returncode == code and text in done.stderr and not done.stdout, (words, done)
    with Running("select") as model:
        for name in models():
            done = run_oklo("model", name, f"127.0.0.1:{model.port}")
            assert done.returncode == 111 and "stop what listens there" in done.stderr, (name, done)
        assert f"select serves on 127.0.0.1:{model.port}\ntry: " in model.said()
        assert "8080" not in model.said()
    words = run_oklo("completion", "bash").stdout
    assert re.search(r"^ *2:model:\*\) words=\"blocking fork-per-connection ", words, re.M), words
