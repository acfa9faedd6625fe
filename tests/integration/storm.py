#!/usr/bin/env python3
"""Many clients that talk in numbered messages to the example numbers while its workers are killed.

By hand: storm.py [--clients N] [--seconds S] [--kill-ms MS] [--death close|lose|redeliver]
                  [--talk stream|http|websocket] [--workers N] [--threads N] [--work-us US]
"""

import argparse
import contextlib
import os
import random
import re
import selectors
import signal
import socket
import struct
import time

from harness import EXAMPLES, Oklo, descendants, free_port, listening, request, title, wait_until
from ws_client import TEXT, WebSocket, frame

WINDOW = 2  # messages under way of a stream or a WebSocket; HTTP has one


@contextlib.contextmanager
def numbers(*words, workers=4, threads=2):
    port = free_port()
    with Oklo("127.0.0.1:{port}", f"127.0.0.1:{port}", f"workers={workers}", f"threads={threads}",
              *words, program=os.path.join(EXAMPLES, "numbers"), env={"OKLO_MODE": "process"}) as server:
        wait_until(lambda: listening(port))
        server.tcp = port
        wait_until(lambda: len(server.workers()) == workers)
        yield server


def named(server, pattern):
    """The pids of its processes with such a title."""
    return [pid for pid in descendants(server.pid) if re.fullmatch(pattern, title(pid))]


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
    """Runs it; a kill falls each time `due` says so."""

    def __init__(self, server, talk, clients, due, seed=1):
        self.server, self.due, self.random = server, due, random.Random(seed)
        self.talk = TALKS[talk]
        self.window = 1 if talk == "http" else WINDOW
        self.selector = selectors.DefaultSelector()
        self.talkers, self.gone = [], []
        self.answers = self.kills = 0
        for _ in range(clients):
            self.come()

    def come(self):
        talker = Talker(f"c{len(self.talkers) + len(self.gone)}", self.talk(self.server))
        self.talkers.append(talker)
        self.selector.register(talker.socket, selectors.EVENT_READ, talker)
        for _ in range(self.window):
            talker.say()

    def kill(self):
        """One of those that have work."""
        busy = sorted({talker.pid for talker in self.talkers} & set(self.server.workers()))
        if busy:
            os.kill(self.random.choice(busy), signal.SIGKILL)
            self.kills += 1

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
            assert time.monotonic() < deadline, [t.name for t in self.talkers if t.under_way]
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


def storm(talk, clients, kills, answers_per_kill, *words, **options):
    """A storm whose pace is that of the answers."""
    with numbers(*words, **options) as server:
        def due(made):
            return made.kills < kills and made.answers > (made.kills + 1) * answers_per_kill
        made = Storm(server, talk, clients, due)
        return made.run(lambda: made.kills >= kills and made.answers > (kills + 2) * answers_per_kill)


def main():
    parser = argparse.ArgumentParser()
    for name, value in {"clients": 1000, "seconds": 20, "kill-ms": 200, "workers": 4, "threads": 2,
                        "work-us": 500}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--death", default="redeliver", choices=["close", "lose", "redeliver"])
    parser.add_argument("--talk", default="stream", choices=list(TALKS))
    wanted = parser.parse_args()
    with numbers(f"death={wanted.death}", f"work={wanted.work_us}", workers=wanted.workers,
                 threads=wanted.threads) as server:
        begin = time.monotonic()
        made = Storm(server, wanted.talk, wanted.clients,
                     lambda s: time.monotonic() - begin > (s.kills + 1) * wanted.kill_ms / 1000)
        made.run(lambda: time.monotonic() - begin > wanted.seconds)
        seconds = time.monotonic() - begin
        print(f"{wanted.talk} {wanted.death}: {wanted.clients} clients, {seconds:.1f} s, {made.kills} kills: "
              f"{made.answers} answers ({made.answers / seconds:.0f}/s), {made.lost()} lost, "
              f"{made.refused()} refused with 502, {made.twice()} handled again, {len(made.gone)} closed, "
              f"longest wait {max(t.longest for t in made.all()):.2f} s")


if __name__ == "__main__":
    main()
