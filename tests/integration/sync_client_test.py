"""The client that waits: in a program without a server, and in a task."""

import contextlib
import os
import signal
import socket
import subprocess
import threading

from client_test import accept, target
from harness import EXAMPLES, Oklo, files, free_port, get, needs
from resolver_test import dnsmasq


def sync_ask(*args):
    """Exit code and what it printed."""
    command = [os.path.join(EXAMPLES, "sync_ask")] + [str(arg) for arg in args]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


@contextlib.contextmanager
def answering(listener, *lines):
    """Says each of these lines on a connection of its own, after having got one; what came."""
    heard = []

    def play():
        for text in lines:
            with accept(listener) as peer, peer.makefile("rb") as stream:
                heard.append(stream.readline())
                peer.sendall(text)
    thread = threading.Thread(target=play)
    thread.start()
    yield heard
    thread.join(10)
    assert not thread.is_alive()


def test_a_line_for_a_line():
    with target() as listener, answering(listener, b"good day\r\n", b"again\nand more\n") as heard:
        assert sync_ask(listener.text, "hello") == (0, "good day\n")
        assert sync_ask(listener.text, "x" * 50_000) == (0, "again\n")
        assert heard == [b"hello\n", b"x" * 50_000 + b"\n"]


def test_why_there_is_no_answer():
    with target() as listener, answering(listener, b"no line"):
        assert sync_ask(listener.text, "hello") == \
            (1, f"cannot receive from {listener.text}: it has ended the stream\n")
    with target() as listener:
        assert sync_ask(listener.text, "hello", "timeout=100") == \
            (1, f"cannot receive from {listener.text} within 100 ms\n")
    assert sync_ask(listener.text, "hello") == (1, f"cannot connect to {listener.text}: Connection refused\n")
    assert sync_ask(listener.text, "hello", "udp") == \
        (1, f"cannot receive from {listener.text}: Connection refused\n")
    assert "the port is missing" in sync_ask("nonsense", "hello")[1]


def test_datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(10)
        heard = []

        def play():
            data, sender = other.recvfrom(100)
            heard.append(data)
            other.sendto(b"good day", sender)
        thread = threading.Thread(target=play)
        thread.start()
        assert sync_ask("127.0.0.1:%d" % other.getsockname()[1], "hello", "udp") == (0, "good day\n")
        thread.join(10)
        assert heard == [b"hello"]


@needs("dnsmasq")
def test_names_by_a_real_server():
    name_port = free_port()
    conf = b"nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
    records = [f"--host-record=here.test,127.0.0.{number}" for number in (1, 7, 8)]
    with files({"resolv.conf": conf, "hosts": b""}) as place, target() as listener:
        port = listener.getsockname()[1]
        words = f"resolv={place}/resolv.conf", f"hosts={place}/hosts", f"port={name_port}"
        with dnsmasq(name_port, *records) as names, answering(listener, b"found\n"):
            assert sync_ask(f"here.test:{port}", "x", *words) == (0, "found\n")
            assert sync_ask(f"nothing.test:{port}", "x", *words) == \
                (1, f'cannot connect to nothing.test:{port}: there is no host "nothing.test"\n')
            names.send_signal(signal.SIGSTOP)
            assert sync_ask(f"here.test:{port}", "x", *words, "timeout=200") == \
                (1, f"cannot connect to here.test:{port}: its name was not looked up in time\n")


def test_in_a_task():
    program = os.path.join(EXAMPLES, "ask_in_task")
    with target() as listener, Oklo("127.0.0.1:{port}", listener.text, program=program) as server:
        with answering(listener, b"good day\n") as heard:
            answer = get(server.port, "/hello")
            assert (answer.status, answer.body) == (200, b"good day\n"), answer
            assert heard == [b"hello\n"]
        answer = get(server.port, "/hello")
        assert answer.status == 502, answer
        assert answer.body.decode() == f"cannot receive from {listener.text} within 500 ms\n"
