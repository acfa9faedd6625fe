"""Who may send datagrams, and how many."""

import contextlib
import socket

from entrance_test import HERE, guarded, status
from harness import wait_until


def sent(server, source, count):
    """How many of so many datagrams are answered; the rest is dropped and counted."""
    before = status(server)["packets_refused"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((source, 0))
        client.connect((HERE, server.tcp))
        client.setblocking(False)
        for number in range(count):
            client.send(b"%d" % number)
        answers = []

        def all_there():
            with contextlib.suppress(BlockingIOError):
                while True:
                    answers.append(client.recv(100))
            return len(answers) + status(server)["packets_refused"] - before == count
        wait_until(all_there, what="all datagrams to be answered or counted")
    return len(answers)


def test_rules_for_datagrams():
    with guarded("access=deny 127.0.0.7", "access=allow 127.0.0.0/24") as server:
        assert sent(server, "127.0.0.8", 5) == 5
        assert sent(server, "127.0.0.7", 5) == 0
        assert sent(server, "127.0.1.8", 5) == 0
        assert status(server)["packets_refused"] == 10


def test_datagrams_of_an_address():
    with guarded("requests=1", "burst=4", f"except={HERE}") as server:
        assert 4 <= sent(server, "127.0.0.2", 20) < 20
        assert sent(server, HERE, 20) == 20
        assert sent(server, "127.0.0.3", 4) == 4
        now = status(server)
        assert now["requests_limited"] == now["packets_refused"] > 0
