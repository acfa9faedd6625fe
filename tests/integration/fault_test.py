"""Clients that do wrong, and a system that runs out of what it has: the others are served, and nothing
spins."""

import contextlib
import json
import os
import resource
import signal
import socket
import struct
import subprocess

from harness import (EXAMPLES, OKLO, Client, Oklo, alive, base_mode_alone, connections, cpu_seconds, files,
                     get, let_pass, listening, memory_kb, mode, open_fds, request, wait_until)
from static_test import site, status

BIG = 48 << 20  # bytes: more than the buffers of a connection hold
SITE = {"index.html": b"hello", "big": b""}


@contextlib.contextmanager
def service(*flags, **options):
    with site(SITE, *flags, **options) as oklo:
        os.truncate(os.path.join(oklo.root, "big"), BIG)
        yield oklo


@contextlib.contextmanager
def example():
    """The example with small limits; its state is at /status.json."""
    with files(SITE) as root:
        os.truncate(os.path.join(root, "big"), BIG)
        with Oklo("127.0.0.1:{port}", root, program=os.path.join(EXAMPLES, "files")) as server:
            yield server


@contextlib.contextmanager
def clients(port, count):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Client(port)) for _ in range(count)]


def reset(client):
    """Ends a connection with RST."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def begin_download(client):
    client.send(request("GET", "/big"))
    assert f"Content-Length: {BIG}\r\n".encode() in client.read_until(b"\r\n\r\n")


def finish_download(client):
    """Whether the rest of it came whole."""
    left = BIG - len(client.buffer)
    client.buffer = b""
    with contextlib.suppress(ConnectionError):
        while left > 0 and (size := len(client.socket.recv(min(left, 1 << 20)))):
            left -= size
    return left == 0


def spins(pid, seconds=1):
    """Whether the process uses more than a tenth of a processor while nothing happens."""
    before = cpu_seconds(pid)
    let_pass(seconds)
    return cpu_seconds(pid) - before > seconds / 10


def answered(client):
    return client.response().body == b"hello"


def state_of(server):
    return json.loads(get(server.port, "/status.json").body)


def fill_log(port):
    """Requests that make 600 KB of log lines, more than what a worker keeps for later."""
    raw = request("GET", "/?" + "x" * 2000)
    with Client(port) as client:
        for _ in range(30):
            client.send(raw * 10)
            assert all(answered(client) for _ in range(10))


# ---- too few file descriptors, too many connections

def test_with_64_files_200_clients_wait_their_turn():
    few = ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"']
    with service(prefix=few) as oklo, clients(oklo.port, 200) as held:
        for client in held:
            client.send(request("GET"))
        wait_until(lambda: status(oklo)["accept_pauses"] > 0, what="the limit")
        assert 8 <= connections(status(oklo)) < 64
        assert not spins(oklo.owners()[0]) and not spins(oklo.pid)
        for client in held:
            assert answered(client)
            client.close()
        assert get(oklo.port).body == b"hello"


def test_without_a_free_file_the_worker_answers_503_and_waits():
    # Only who runs as the same user may change its limits, in a container without all rights of root.
    user = ["--user", "root"] if os.getuid() == 0 else []
    with service(*user) as oklo, clients(oklo.port, 40) as held:
        worker = oklo.owners()[0]
        assert held[0].get().body == b"hello"
        limits = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (open_fds(worker) + 10, limits[1]))
        for client in held[1:]:
            client.send(request("GET"))
        wait_until(lambda: status(oklo)["accept_pauses"] > 0, what="the limit")
        assert not spins(worker)
        if mode() == "base":
            assert held[0].get("/big").status == 503
        else:  # The worker has the file, and the gate can't have it.
            assert reset_instead(held[0])
        resource.prlimit(worker, resource.RLIMIT_NOFILE, limits)
        if mode() == "process":
            held[0] = Client(oklo.port)
        assert all(answered(client) for client in held[1:])
        begin_download(held[0])
        assert finish_download(held[0]) and oklo.owners() == [worker]


def reset_instead(client):
    try:
        client.get("/big")
    except (EOFError, ConnectionError):
        return True
    return False


@base_mode_alone("each thread of the gate has its share of the limit, and its own listeners")
def test_at_the_limit_of_connections_the_next_ones_wait():
    with example() as server, clients(server.port, 450) as held:
        for client in held:
            client.send(request("GET", "/whoami"))
        worker = server.owners()[0]
        assert all(client.response().status == 200 for client in held[:400])
        now = json.loads(held[0].get("/status.json").body)
        assert now["accept_pauses"] > 0 and connections(now) <= 402
        assert not spins(worker)
        for client in held[:100]:
            client.close()
        assert all(client.response().status == 200 for client in held[401:])


def test_2000_idle_connections_cost_little():
    count = 2000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with service() as oklo, clients(oklo.port, count) as idle:
        worker = oklo.owners()[0]
        for client in idle:
            assert client.get().body == b"hello"
        assert connections(status(oklo)) == count
        assert not spins(worker)
        if not os.environ.get("SAN"):
            assert memory_kb(worker, "Pss") < 4000
        assert get(oklo.port).body == b"hello"
        assert all(client.get().body == b"hello" for client in idle[::100])
        for client in idle:
            client.close()
        wait_until(lambda: connections(status(oklo)) == 0, what="all to be gone")
        assert oklo.owners() == [worker]


# ---- clients that do wrong

def test_300_slow_heads_get_408_and_hold_nobody_up():
    with example() as server, clients(server.port, 300) as slow:
        for client in slow:
            client.send(b"GET / HTTP/1.1\r\n")
        for _ in range(5):
            for client in slow:
                client.send(b"X")
            assert get(server.port, "/whoami").status == 200
        for client in slow:
            answer = client.response()
            assert answer.status == 408 and answer.field("connection") == "close" and client.closed()
            client.close()
        wait_until(lambda: state_of(server)["closed"]["header_timeout"] == 300, what="all to be counted")


def test_clients_that_read_nothing_are_ended_and_hold_nobody_up():
    with example() as server, clients(server.port, 20) as stalled:
        for client in stalled:
            begin_download(client)
        for _ in range(20):
            assert get(server.port, "/index.html").body == b"hello"
        worker = server.owners()[0]
        assert not spins(worker)
        if not os.environ.get("SAN"):
            assert memory_kb(worker, "Pss") < 4000
        wait_until(lambda: state_of(server)["closed"]["write_stalled"] == 20, what="their end")
        assert not any(finish_download(client) for client in stalled)


def test_a_client_that_reads_slowly_is_not_taken_for_a_stalled_one():
    with example() as server, Client(server.port) as slow:
        begin_download(slow)
        left = BIG - len(slow.buffer)
        slow.buffer = b""
        # So little that the socket of the server has no room for more in all that time.
        for _ in range(6):
            let_pass(0.5)
            left -= len(slow.socket.recv(100_000))
        while left > 0 and (size := len(slow.socket.recv(min(left, 1 << 20)))):
            left -= size
        assert left == 0
        assert slow.get("/index.html").body == b"hello"


def test_clients_that_reset_in_the_middle():
    with service() as oklo:
        worker, = oklo.workers()
        before = status(oklo)["closed"]["peer_reset"]
        beginnings = [request("GET", "/big"), request("GET", "/big") * 50, b"GET / HT", b"",
                      request("POST", "/", content_length=1000) + b"half", request("GET") * 200]
        for raw in beginnings * 5:
            client = Client(oklo.port)
            client.send(raw)
            if raw.startswith(b"GET /big"):
                client.read(100_000)
            reset(client)
        wait_until(lambda: connections(status(oklo)) == 0, what="all to be gone")
        assert status(oklo)["closed"]["peer_reset"] > before
        assert get(oklo.port).body == b"hello" and oklo.workers() == [worker]
        wait_until(lambda: not [fd for fd in os.listdir(f"/proc/{worker}/fd") if "big" in
                                os.readlink(f"/proc/{worker}/fd/{fd}")], what="the file to be closed")


# ---- the server's own troubles

@base_mode_alone("the gate has all downloads, and a dead worker none")
def test_a_worker_that_is_killed_takes_only_its_own_connections_along():
    with service("--workers", 4) as oklo, clients(oklo.port, 16) as downloads:
        for client in downloads:
            begin_download(client)
        rows = status(oklo)["workers"]
        busiest = max(rows, key=lambda row: row["connections"])
        assert sum(row["connections"] for row in rows) == len(downloads)
        os.kill(busiest["pid"], signal.SIGKILL)
        whole = [finish_download(client) for client in downloads]
        assert whole.count(False) == busiest["connections"], (whole, rows)
        assert get(oklo.port).body == b"hello"


def test_a_file_that_cannot_be_read_is_refused_and_the_rest_served():
    with service() as oklo:
        secret, closed = os.path.join(oklo.root, "secret"), os.path.join(oklo.root, "closed")
        os.mkdir(closed)
        for path in secret, os.path.join(closed, "a"):
            with open(path, "w") as file:
                file.write("now")
        os.chmod(secret, 0)
        os.chmod(closed, 0)
        with Client(oklo.port) as client:
            for target in "/secret", "/closed/a", "/closed/", "/secret":
                refused = client.get(target)
                assert refused.status == 403 and b"now" not in refused.body, target
                assert client.get().body == b"hello"
            os.chmod(secret, 0o644)
            os.chmod(closed, 0o755)
            assert client.get("/secret").body == b"now" and client.get("/closed/a").body == b"now"
            os.chmod(secret, 0)
            wait_until(lambda: client.get("/secret").status == 403, what="the right to be taken away")


def test_a_log_on_a_full_disk_loses_lines_and_no_requests():
    with service("--access-log", "/dev/full") as oklo:
        fill_log(oklo.port)
        wait_until(lambda: status(oklo)["log_lines_dropped"] > 0, what="the loss to be counted")
        assert not spins(oklo.workers()[0])


def test_a_stderr_that_nobody_reads_holds_nothing_up():
    with files({}) as place:
        fifo = os.path.join(place, "fifo")
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        to_fifo = ["sh", "-c", 'exec "$0" "$@" 2>' + fifo]
        with service("--access-log", "stderr", prefix=to_fifo) as oklo:
            fill_log(oklo.port)
            wait_until(lambda: status(oklo)["log_lines_dropped"] > 0, what="the loss to be counted")
            assert not spins(oklo.workers()[0])
            os.kill(oklo.workers()[0], signal.SIGKILL)
            wait_until(lambda: status(oklo)["workers"][0]["restarts"] == 1, what="another worker")
        os.close(reader)


# ---- stop

def test_stop_ends_idle_clients_and_waits_for_busy_ones():
    with service() as oklo, Client(oklo.port) as idle, Client(oklo.port) as busy:
        assert idle.get().body == b"hello"
        begin_download(busy)
        stop = subprocess.Popen([OKLO, "stop", "--control", oklo.control])
        assert idle.closed()
        wait_until(lambda: not listening(oklo.port), what="the listeners to be closed")
        assert stop.poll() is None and alive(oklo.pid)
        assert finish_download(busy) and busy.closed()
        assert stop.wait(10) == 0 and oklo.process.wait(10) == 0


def test_stop_waits_no_longer_than_the_shutdown_timeout():
    with service("--shutdown-timeout", "1") as oklo, Client(oklo.port) as busy:
        begin_download(busy)
        stop = subprocess.run([OKLO, "stop", "--control", oklo.control], timeout=20)
        assert stop.returncode == 0 and oklo.process.wait(10) == 0
        assert not finish_download(busy)
