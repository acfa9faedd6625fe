"""Raw streams that are reached by their id, whichever worker has them: the chat over TCP."""

import contextlib
import os
import re
import signal

from harness import EXAMPLES, Client, Oklo, alive, mode, title, wait_until

WORKERS = 3


class Guest:
    """One who has come; `worker` is the number of the worker that has the connection."""

    def __init__(self, server, name):
        self.name = name
        self.client = Client(server.port)
        assert self.client.read_until(b"\n") == b"your name?\n"
        self.say(name)
        self.worker = int(re.fullmatch(rf"\* {name} has come, to worker (\d+)", self.hear_of(name))[1])

    def say(self, text):
        self.client.send(text.encode() + b"\n")
        return self

    def hear(self):
        """The next line that is not the clock's."""
        while (line := self.client.read_until(b"\n").decode().rstrip("\n")) == "* tick":
            pass
        return line

    def hear_of(self, *words):
        """The next line with these words in it."""
        while not all(word in (line := self.hear()) for word in words):
            pass
        return line

    def gone(self):
        """Reads up to the end of the stream."""
        self.client.read_all()
        return True


@contextlib.contextmanager
def chat(workers=WORKERS):
    with Oklo("127.0.0.1:{port}", workers, program=os.path.join(EXAMPLES, "tcp_chat")) as server, \
            contextlib.ExitStack() as stack:
        def come(name):
            guest = Guest(server, name)
            stack.callback(guest.client.close)
            return guest

        def pair(apart):
            """Two who are of different workers, or of the same."""
            first = come("first")
            for i in range(60):
                other = come(f"other{i}")
                if (other.worker != first.worker) == apart:
                    first.hear_of(other.name)
                    return first, other
            raise AssertionError("all of one worker")
        server.come, server.pair = come, pair
        yield server


def worker(server, number):
    pid, = [pid for pid in server.workers() if title(pid) == f"oklo: worker {number}"]
    return pid


def test_all_hear_all_in_order():
    with chat() as server:
        first, other = server.pair(apart=True)
        lines = [f"line {i} {'x' * (i % 300)}" for i in range(1000)]
        first.say("\n".join(lines))
        for guest in other, first:
            assert [guest.hear_of("line") for _ in lines] == [f"first: {line}" for line in lines]


def test_one_is_reached_by_its_name_also_from_a_timer():
    for apart in True, False:
        with chat() as server:
            first, other = server.pair(apart)
            first.say(f"/to {other.name} hello")
            assert other.hear_of("whispers") == "first whispers: hello"
            other.say("/late first soon")
            assert first.hear_of("whispers") == f"{other.name} whispers: soon"
            first.say("/to nobody hello")
            assert first.hear_of("nobody") == "nobody hears that"


def test_each_connection_is_of_this_worker_alone():
    with chat() as server:
        first, other = server.pair(apart=True)
        first.say("/near hello")
        first.say("done")
        assert first.hear_of("first says") == "first says: hello"
        assert other.hear_of("first") == "first: done"
    with chat() as server:
        first, other = server.pair(apart=False)
        first.say("/near hello")
        assert first.hear_of("first says") == other.hear_of("first says")


def test_one_is_closed_by_another_whichever_worker_has_it():
    for apart in True, False:
        with chat() as server:
            first, other = server.pair(apart)
            first.say(f"/to {other.name} goodbye").say(f"/kick {other.name}")
            assert other.hear_of("whispers") == "first whispers: goodbye"
            assert other.gone()
            assert first.hear_of(other.name) == f"* {other.name} has left"
            first.say(f"/to {other.name} hello")
            assert first.hear_of("nobody") == "nobody hears that"


def test_with_connection_closes_those_of_this_worker_alone():
    """In process mode each worker reaches all."""
    with chat() as server:
        first, other = server.pair(apart=True)
        first.say(f"/close {other.name}")
        if mode() == "process":
            assert other.gone()
            return
        assert first.hear_of("nobody") == "nobody hears that"
        first.say("hello")
        assert other.hear_of("first") == "first: hello"
    with chat() as server:
        first, other = server.pair(apart=False)
        first.say(f"/close {other.name}")
        assert other.gone()
        first.say("/close first")
        assert first.gone()


def test_those_of_an_earlier_generation_are_reached_and_reach_others():
    with chat() as server:
        first, other = server.pair(apart=True)
        server.kill(signal.SIGHUP)
        server.wait_for_stderr("generation 2 is ready")
        late = server.come("late")
        assert first.hear_of("late").startswith("* late has come")
        assert other.hear_of("late").startswith("* late has come")
        for speaker in first, other, late:
            for hearer in first, other, late:
                speaker.say(f"/to {hearer.name} hello")
                assert hearer.hear_of("whispers") == f"{speaker.name} whispers: hello"
        late.say("/kick first")
        assert first.gone()
        assert late.hear_of("first has left")


def test_those_of_a_dead_worker_are_gone_and_their_names_free():
    with chat() as server:
        first, other = server.pair(apart=True)
        pid = worker(server, other.worker)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), what="the worker's end")
        server.wait_for_stderr("was killed by signal 9")
        if mode() == "process":
            first.say(f"/to {other.name} hello")
            assert other.hear_of("whispers") == "first whispers: hello"
            other.say("still here")
            assert first.hear_of("still here") == f"{other.name}: still here"
            return
        first.say(f"/to {other.name} hello")
        assert first.hear_of("nobody") == "nobody hears that"
        again = server.come(other.name)
        again.say("hello")
        assert first.hear_of("hello") == f"{other.name}: hello"


def test_one_whose_worker_is_stopped_holds_up_nobody():
    with chat() as server:
        first, other = server.pair(apart=True)
        pid = worker(server, other.worker)
        os.kill(pid, signal.SIGSTOP)
        for i in range(100):
            first.say(f"line {i}")
            assert first.hear_of("line") == f"first: line {i}"
        os.kill(pid, signal.SIGCONT)
        for i in range(100):
            assert other.hear_of("line") == f"first: line {i}"


def test_too_much_at_once_reaches_those_of_this_worker_alone():
    """In process mode no worker has any."""
    for apart in True, False:
        with chat() as server:
            first, other = server.pair(apart)
            text = "x" * (255 * 1024)
            first.say(f"/to {other.name} {text}")
            if apart or mode() == "process":
                assert first.hear_of("nobody") == "nobody hears that"
            else:
                assert other.hear_of("whispers") == f"first whispers: {text}"
            first.say(f"/to {other.name} {text[:250_000]}")
            assert other.hear_of("whispers") == f"first whispers: {text[:250_000]}"


def test_the_master_and_a_process_reach_everybody():
    with chat() as server:
        first, other = server.pair(apart=True)
        server.kill(signal.SIGRTMIN + 2)
        assert first.hear_of("master") == other.hear_of("master") == "* the master is well"
        for guest in first, other:
            assert guest.client.read_until(b"* tick\n").endswith(b"* tick\n")
