"""Process mode under load: messages of a user, workers that are relieved, datagrams while workers die."""

import os
import random
import selectors
import signal
import socket

from harness import EXAMPLES, Client, Oklo, base_mode_alone, children, wait_until
from storm import Storm, named, numbers, status
from ws_client import WebSocket

# These start their programs in process mode themselves, so once is enough.
once = base_mode_alone("it runs in process mode anyway")


class Line:
    def __init__(self, server):
        self.client = Client(server.tcp)

    def ask(self, text):
        self.client.send(text.encode() + b"\n")
        return self.client.read_until(b"\n").decode().split()


class Text:
    def __init__(self, server):
        self.socket = WebSocket(server.port)

    def ask(self, text):
        return self.socket.send(text).receive().split()


@once
def test_by_the_user_that_is_bound():
    """All connections of a user, of whatever kind, have one worker from then on."""
    with numbers("dispatch=user", workers=3) as server:
        seen = {}
        for user in range(1, 13):
            for i, kind in enumerate((Line, Line, Text)):
                client, name = kind(server), f"u{user}.{i}"
                client.ask(f"{name} 1 {user}")
                workers = {int(client.ask(f"{name} {number}")[1]) for number in range(2, 6)}
                seen.setdefault(user, set()).update(workers)
                if user > 1:
                    continue
                # Another user, another worker.
                client.ask(f"{name} 6 {user + 1}")
                assert int(client.ask(f"{name} 7")[1]) not in workers
        assert all(len(workers) == 1 for workers in seen.values()), seen
        assert {worker for workers in seen.values() for worker in workers} == {1, 2, 3}


@once
def test_a_function_that_names_nobody_is_counted():
    with numbers("dispatch=function", workers=3) as server:
        client = Line(server)
        workers = {client.ask(f"9 {number}")[1] for number in range(1, 6)}
        assert len(workers) == 1
        assert status(server)["dispatched_wrong"] == 5
        client.ask("a 1")
        assert status(server)["dispatched_wrong"] == 5


def check_relief(talk):
    """Workers that have answered enough are replaced, and no client sees it."""
    with numbers("max_requests=300", "work=200", "death=lose") as server:
        seen = set()

        def look(made):
            seen.update(talker.pid for talker in made.talkers)
            return False
        made = Storm(server, talk, 200, look)
        made.run(lambda: len(seen) > 20)
        shown = status(server)
        wrong = made.gone, made.lost(), made.refused(), made.twice()
        assert not any(wrong), (wrong, shown)
        assert shown["deliveries_lost"] == shown["deliveries_repeated"] == 0, shown
        assert [worker["restarts"] for worker in shown["workers"] if worker["restarts"]] == [], shown
        wait_until(lambda: len(server.workers()) == 4, what="those that were relieved to leave")


@once
def test_streams_lose_nothing_when_workers_are_relieved():
    check_relief("stream")


@once
def test_requests_are_all_answered_when_workers_are_relieved():
    check_relief("http")


# ---- datagrams

class Asker:
    """Sends one numbered datagram after another, the next when an answer came or none comes."""

    def __init__(self, port, host):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((f"127.0.0.{host}", 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.sent = self.last = 0

    def ask(self):
        self.sent += 1
        self.socket.send(b"%d" % self.sent)

    def hear(self):
        number = int(self.socket.recv(100))
        assert self.last < number <= self.sent, f"{number} after {self.last} of {self.sent}"
        self.last = number


@once
def test_datagrams_are_answered_once_while_workers_die():
    with Oklo("127.0.0.1:{port}", program=os.path.join(EXAMPLES, "udp_echo"), wait=False,
              env={"OKLO_MODE": "process"}) as server:
        manager, = wait_until(lambda: named(server, "oklo: manager"))
        wait_until(server.workers)
        selector, chosen = selectors.DefaultSelector(), random.Random(1)
        askers = [Asker(server.port, host) for host in range(1, 33)]
        for asker in askers:
            selector.register(asker.socket, selectors.EVENT_READ, asker)
        answers, killed = 0, set()
        while len(killed) < 15 or any(asker.last < asker.sent for asker in askers):
            for asker in askers:
                if asker.last == asker.sent and len(killed) < 15:
                    asker.ask()
            heard = [key.data for key, _ in selector.select(0.5)]
            for asker in heard:
                asker.hear()
            answers += len(heard)
            if not heard:  # What comes no more was lost with its worker, and is asked again.
                for asker in askers:
                    asker.ask()
            if len(killed) < 15 and answers > (len(killed) + 1) * 200:
                # Who was killed may be among the children for a moment yet.
                if found := [pid for pid in children(manager) if pid not in killed]:
                    victim = chosen.choice(found)
                    os.kill(victim, signal.SIGKILL)
                    killed.add(victim)
        wait_until(lambda: server.stderr().count("was killed by signal 9") == 15)
        for asker in askers:
            asker.socket.close()
