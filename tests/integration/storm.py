#!/usr/bin/env python3
"""Many clients that talk in numbered messages to the example numbers while its workers are killed.

By hand: storm.py [--clients N] [--seconds S] [--kill-ms MS] [--death close|lose|redeliver]
                  [--talk stream|http|websocket] [--workers N] [--threads N] [--work-us US]

Whoever is a worker when its time has come is killed, also one that has just been forked. Afterwards
it is counted who had what: by the clients, by a log of all messages that were begun, by the gate.
process_mode_test.py runs short ones; with STORM=full in the environment they are as here.
"""

import argparse
import contextlib
import json
import os
import random
import re
import selectors
import signal
import socket
import struct
import threading
import time

from harness import (EXAMPLES, Oklo, children, descendants, files, free_port, request, run_oklo,
                     title, wait_until)
from ws_client import TEXT, WebSocket, frame

WINDOW = 2  # messages under way of a stream or a WebSocket; HTTP has one


@contextlib.contextmanager
def numbers(*words, workers=4, threads=2):
    port = free_port()
    with files({"log": b""}) as place, \
            Oklo("127.0.0.1:{port}", f"127.0.0.1:{port}", f"workers={workers}", f"threads={threads}",
                 f"control={place}/control", f"log={place}/log", *words,
                 program=os.path.join(EXAMPLES, "numbers"), env={"OKLO_MODE": "process"}) as server:
        os.chmod(f"{place}/log", 0o666)  # Workers may have no rights of root.
        server.tcp, server.place = port, place
        wait_until(lambda: run_oklo("health", "--control", f"{place}/control").returncode == 0)
        wait_until(lambda: [thread["workers"] for thread in status(server)["gate"]] == [workers] * threads,
                   what="all workers to take what each thread tells")
        yield server


def named(server, pattern):
    """The pids of its processes with such a title."""
    return [pid for pid in descendants(server.pid) if re.fullmatch(pattern, title(pid))]


def status(server):
    return json.loads(run_oklo("status", "--json", "--control", f"{server.place}/control").stdout)


def begun(server):
    """{(name, number): the pids of those that have begun to handle it, in their order}"""
    found = {}
    with open(f"{server.place}/log") as file:
        for line in file:
            name, number, pid = line.split()
            found.setdefault((name, int(number)), []).append(int(pid))
    return found


# ---- the three ways to talk: bytes of a message, and the answers in what has come

class Stream:
    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.tcp), timeout=30)

    def pack(self, text):
        return text.encode() + b"\n"

    def unpack(self, data):
        *lines, rest = data.split(b"\n")
        return [line.decode() for line in lines], rest


class Web:
    """HTTP: an answer that is none is its status."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)

    def pack(self, text):
        return request("POST", "/say", text.encode())

    def unpack(self, data):
        answers = []
        while b"\r\n\r\n" in data:
            head, _, rest = data.partition(b"\r\n\r\n")
            size = int(re.search(rb"content-length: *(\d+)", head, re.I)[1])
            if len(rest) < size:
                break
            status = head.split(b" ")[1].decode()
            answers.append(rest[:size].decode() if status == "200" else status)
            data = rest[size:]
        return answers, data


class Socket:
    """A WebSocket: its close frame is "close CODE"."""

    def __init__(self, server):
        self.socket = WebSocket(server.port, timeout=30).client.socket

    def pack(self, text):
        return frame(TEXT, text.encode())

    def unpack(self, data):
        answers = []
        while len(data) >= 2 and len(data) >= 2 + data[1]:
            payload = data[2:2 + data[1]]
            closes = data[0] == 0x88
            answers.append(f"close {struct.unpack('>H', payload[:2])[0]}" if closes else payload.decode())
            data = data[2 + len(payload):]
        return answers, data


TALKS = {"stream": Stream, "http": Web, "websocket": Socket}


class Talker:
    """A client: sends the next number when an answer has come, and keeps count."""

    def __init__(self, name, talk):
        self.name, self.talk, self.socket = name, talk, talk.socket
        self.socket.setblocking(False)
        self.sent = self.last = 0
        self.rest = b""
        self.under_way = {}   # number: when it was sent
        self.lost = []        # numbers
        self.refused = []     # numbers that were answered with 502
        self.twice = 0        # answers of the second worker that began with the message
        self.answers = 0
        self.pid = 0          # of the worker that answered last
        self.longest = 0      # seconds until an answer
        self.closed = None
        self.ending = False

    def say(self):
        self.sent += 1
        self.under_way[self.sent] = time.monotonic()
        self.socket.sendall(self.talk.pack(f"{self.name} {self.sent}"))

    def hear(self):
        """How many answers have come."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed = self.closed or "end"
            return 0
        answers, self.rest = self.talk.unpack(self.rest + data)
        for answer in answers:
            self.take(answer)
        return len(answers)

    def take(self, answer):
        if answer.startswith("close"):
            self.closed = answer
            return
        if answer == "502":
            number = min(self.under_way)
            self.refused.append(number)
        else:
            number, _, self.pid, times = map(int, answer.split())
            self.twice += times > 1
        assert number > self.last, f"{self.name}: {number} after {self.last}"
        assert number in self.under_way, f"{self.name}: {number} was not asked"
        for missing in range(self.last + 1, number):
            self.lost.append(missing)
            del self.under_way[missing]
        self.longest = max(self.longest, time.monotonic() - self.under_way.pop(number))
        self.last = number
        self.answers += 1


class Storm:
    """Runs it; `due` is called all the time, and a kill falls where it says so."""

    def __init__(self, server, talk, clients, due=lambda _: False, seed=1):
        self.server, self.due, self.random = server, due, random.Random(seed)
        self.talk = TALKS[talk]
        self.window = 1 if talk == "http" else WINDOW
        self.selector = selectors.DefaultSelector()
        self.talkers, self.gone = [], []
        self.answers = self.kills = 0
        self.killed = []  # pids
        self.manager, = named(server, "oklo: manager")
        for _ in range(clients):
            self.come()

    def come(self):
        talker = Talker(f"c{len(self.talkers) + len(self.gone)}", self.talk(self.server))
        self.talkers.append(talker)
        self.selector.register(talker.socket, selectors.EVENT_READ, talker)
        for _ in range(self.window):
            talker.say()

    def kill(self):
        found = children(self.manager)
        for pid in self.random.sample(found, len(found)):
            with contextlib.suppress(ProcessLookupError):  # It has ended by itself.
                os.kill(pid, signal.SIGKILL)
                self.killed.append(pid)
                self.kills += 1
                return

    def hear(self, ending):
        for key, _ in self.selector.select(0.05):
            talker = key.data
            self.answers += talker.hear()
            if talker.closed:
                self.selector.unregister(talker.socket)
                talker.socket.close()
                self.talkers.remove(talker)
                self.gone.append(talker)
                if not ending:
                    self.come()
                continue
            while not ending and len(talker.under_way) < self.window:
                talker.say()
        # One whose messages were all lost has no answer to wait for.
        now = time.monotonic()
        for talker in self.talkers:
            if self.window > 1 and talker.under_way and now - max(talker.under_way.values()) > 2:
                talker.say()

    def run(self, over):
        """Talks until `over()`; then each says what it has left, and hears all answers."""
        while not over():
            self.hear(ending=False)
            if self.due(self):
                self.kill()
        deadline = time.monotonic() + 40
        while any(talker.under_way for talker in self.talkers):
            silent = [talker.name for talker in self.talkers if talker.under_way]
            assert time.monotonic() < deadline, f"{len(silent)} hear nothing, {silent[:9]}"
            self.hear(ending=True)
        for talker in self.talkers:
            talker.socket.close()
        return self

    def all(self):
        return self.talkers + self.gone

    def lost(self):
        return sum(len(talker.lost) for talker in self.all())

    def refused(self):
        return sum(len(talker.refused) for talker in self.all())

    def twice(self):
        return sum(talker.twice for talker in self.all())


class Account:
    """What became of all messages of a storm that is over."""

    def __init__(self, made):
        self.made, self.shown = made, status(made.server)
        self.begun, killed = begun(made.server), set(made.killed)
        self.lost = {(talker.name, number)
                     for talker in made.all() for number in talker.lost + talker.refused}
        self.given_up = {(talker.name, number)
                         for talker in made.gone for number in talker.under_way}
        # Where a worker has begun a message that another one begins too, or nobody answers, it held that.
        self.held = {key: pids if key in self.lost | self.given_up else pids[:-1]
                     for key, pids in self.begun.items()}
        self.wrong = {key: pids for key, pids in self.held.items() if not killed.issuperset(pids)}
        self.hits = len({pid for pids in self.held.values() for pid in pids} & killed)
        self.not_begun = len(self.lost - self.begun.keys())

    def check(self):
        """Nothing is lost, or told again, but what was in the hands of one that was killed; and the gate
        has counted the same."""
        assert not self.wrong, self.wrong
        assert self.shown["deliveries_lost"] >= len(self.lost), (self.shown, len(self.lost))
        if not self.made.gone:
            assert self.shown["deliveries_lost"] == len(self.lost), (self.shown, len(self.lost))
        # Those that were told again and not begun before are begun once; one may be killed between its line
        # in the log and what it counts.
        again = sum(len(pids) - 1 for pids in self.begun.values())
        assert self.made.twice() <= again <= self.shown["deliveries_repeated"], (again, self.shown)

    def __str__(self):
        longest = max(talker.longest for talker in self.made.all())
        return (f"{self.made.kills} kills, {self.hits} of workers that had begun a message: "
                f"{self.made.answers} answers, {self.made.lost()} lost, {self.made.refused()} refused with "
                f"502, {self.not_begun} of those not begun, {self.made.twice()} handled again, "
                f"{self.shown['deliveries_repeated']} told again, {len(self.made.gone)} closed, "
                f"longest wait {longest:.2f} s")


def storm(talk, clients, seconds, kill_s, *words, **options):
    """Runs it; its account."""
    with numbers(*words, **options) as server:
        made, calm = Storm(server, talk, clients), threading.Event()
        killer = threading.Thread(target=kill_at_pace, args=(made, round(seconds / kill_s), kill_s, calm))
        killer.start()
        try:
            made.run(lambda: not killer.is_alive())
        finally:
            calm.set()
            killer.join()
        return Account(made)


def kill_at_pace(made, kills, kill_s, calm):
    """One for which nobody is there is made up for; what the clients do meanwhile takes the time it takes."""
    due = time.monotonic()
    while made.kills < kills and not calm.wait(max((due := due + kill_s) - time.monotonic(), 0)):
        made.kill()


def main():
    parser = argparse.ArgumentParser()
    for name, value in {"clients": 1000, "seconds": 20, "kill-ms": 200, "workers": 4, "threads": 2,
                        "work-us": 500}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--death", default="redeliver", choices=["close", "lose", "redeliver"])
    parser.add_argument("--talk", default="stream", choices=list(TALKS))
    wanted = parser.parse_args()
    account = storm(wanted.talk, wanted.clients, wanted.seconds, wanted.kill_ms / 1000,
                    f"death={wanted.death}", f"work={wanted.work_us}", workers=wanted.workers,
                    threads=wanted.threads)
    print(f"{wanted.talk} {wanted.death}: {wanted.clients} clients, {wanted.seconds} s, {account}")
    account.check()


if __name__ == "__main__":
    main()
