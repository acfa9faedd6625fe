"""Clients and coroutines in a task worker, whose tasks end when an answer has come: task_clients."""

import contextlib
import os
import signal
import socket
import threading

from harness import EXAMPLES, Client, Oklo, kept, request, title, wait_until
from http_client_test import head_of, playing

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def example(name, *args):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name))


def begin(client, kind, text):
    client.send(request("POST", f"/{kind}", text.encode()))


def ask(server, kind, text):
    with Client(server.port) as client:
        begin(client, kind, text)
        answer = client.response()
        return answer.status, answer.body.decode()


def task_worker(server):
    return wait_until(lambda: [pid for pid in kept(server.pid) if title(pid) == "oklo: task worker 1"])[0]


@contextlib.contextmanager
def holding():
    """A server whose answer waits until the test says so."""
    came, may = threading.Event(), threading.Event()

    def answer(peer, played):
        played.asked.append(head_of(peer))
        came.set()
        assert may.wait(10)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            peer.sendall(OK)
    with playing(answer) as played:
        played.came, played.may = came, may
        try:
            yield played
        finally:
            may.set()


@contextlib.contextmanager
def echoing_datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(10)

        def play():
            bytes_, peer = other.recvfrom(65536)
            other.sendto(bytes_, peer)
        thread = threading.Thread(target=play)
        thread.start()
        yield "127.0.0.1:%d" % other.getsockname()[1]
        thread.join(10)


def test_the_http_client_in_a_task():
    def twice(peer, played):
        for _ in range(2):
            played.asked.append(head_of(peer))
            peer.sendall(OK)
    with example("task_clients") as server, playing(twice) as other:
        assert ask(server, "http", other.url("/a")) == (200, "hello")
        assert ask(server, "http", other.url("/b")) == (200, "hello")  # on the connection that was kept
        assert [head.split()[1] for head in other.asked] == [b"/a", b"/b"]
        status, why = ask(server, "http", "nonsense")
        assert status == 502 and "bad URL" in why


def test_streams_datagrams_and_websockets_in_a_task():
    with example("task_clients") as server:
        with example("tcp_echo") as echo:
            for kind in ("stream", "coroutine"):
                assert ask(server, kind, f"127.0.0.1:{echo.port} by {kind}") == (200, f"by {kind}")
        for kind in ("stream", "coroutine"):
            status, why = ask(server, kind, f"127.0.0.1:{echo.port} nobody")
            assert status == 502 and "Connection refused" in why
        with echoing_datagrams() as address:
            assert ask(server, "datagram", f"{address} by UDP") == (200, "by UDP")
        with example("ws_echo") as echo:
            url = f"ws://127.0.0.1:{echo.port}/"
            assert ask(server, "websocket", f"{url} by WebSocket") == (200, "by WebSocket")


def test_a_task_that_waits_for_an_answer_delays_no_connection_and_keeps_its_worker():
    with example("task_clients") as server, holding() as other, Client(server.port) as client:
        begin(client, "http", other.url())
        assert other.came.wait(10)
        with Client(server.port) as another:
            assert another.get("/").status == 404
        old = task_worker(server)
        server.process.send_signal(signal.SIGHUP)
        new = wait_until(lambda: [pid for pid in kept(server.pid) if pid != old and
                                  title(pid) == "oklo: task worker 1"])[0]
        other.may.set()
        assert client.response().body == b"hello"  # The task worker of before stayed for that.
        wait_until(lambda: old not in kept(server.pid))
        assert new in kept(server.pid)


def test_a_stop_waits_for_the_answer():
    with example("task_clients") as server, holding() as other, Client(server.port) as client:
        begin(client, "http", other.url())
        assert other.came.wait(10)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_stderr("stopping")
        other.may.set()
        assert client.response().body == b"hello"
        wait_until(lambda: server.process.poll() is not None)


def test_a_death_while_a_task_waits_for_an_answer_is_told():
    with example("task_clients") as server, holding() as other, Client(server.port) as client:
        begin(client, "http", other.url())
        assert other.came.wait(10)
        os.kill(task_worker(server), signal.SIGKILL)
        assert client.response().body == b"its task worker died"
