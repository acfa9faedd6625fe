"""Process mode: what becomes of connections and messages when a process dies, or is replaced."""

import contextlib
import os
import re
import signal
import socket
import sys

from harness import Client, base_mode_alone, let_pass, memory_kb, request, run_oklo, wait_until
from ports import connect
from storm import Storm, named, numbers, storm
from ws_client import WebSocket

# Clients, seconds.
SIZE = (1000, 20) if os.environ.get("STORM") == "full" else (200, 3)
KILL_S = 0.2

# These start their programs in process mode themselves, so once is enough.
once = base_mode_alone("it runs in process mode anyway")


# ---- many clients, while random workers are killed
# Whether a kill hits a message is chance; what becomes of one that is hit is further below.

def survived(talk, death):
    account = storm(talk, *SIZE, KILL_S, f"death={death}", "work=1000")
    print(f"{talk} {death}: {SIZE[0]} clients, {SIZE[1]} s, {account}", file=sys.stderr)
    account.check()
    # Some meet a worker that had nothing yet.
    assert account.made.kills == round(SIZE[1] / KILL_S) and account.hits >= account.made.kills / 4, account
    return account.made


def check_redelivered(talk):
    made = survived(talk, "redeliver")
    assert not made.gone and made.lost() == made.refused() == 0


def check_closed(talk):
    """Those whose message a dead worker had are closed; the others miss none."""
    made = survived(talk, "close")
    assert made.lost() == made.twice() == 0
    assert all(talker.under_way or talker.refused for talker in made.gone)


@once
def test_streams_lose_nothing_where_it_is_told_again():
    check_redelivered("stream")


@once
def test_websockets_lose_nothing_where_it_is_told_again():
    check_redelivered("websocket")


@once
def test_requests_are_all_answered_where_they_are_told_again():
    check_redelivered("http")


@once
def test_streams_lose_what_a_dead_worker_had_and_go_on():
    made = survived("stream", "lose")
    assert not made.gone and made.twice() == made.refused() == 0


@once
def test_websockets_lose_what_a_dead_worker_had_and_go_on():
    made = survived("websocket", "lose")
    assert not made.gone and made.twice() == made.refused() == 0


@once
def test_requests_that_a_dead_worker_had_are_answered_with_502():
    made = survived("http", "lose")
    assert not made.gone and made.twice() == made.lost() == 0


@once
def test_streams_of_a_dead_worker_are_closed_when_it_had_a_message():
    check_closed("stream")


@once
def test_websockets_of_a_dead_worker_are_closed_when_it_had_a_message():
    check_closed("websocket")


# ---- one message that is in the hands of a worker that dies

class Lines:
    def __init__(self, server, name, **options):
        self.name, self.client = name, Client(server.tcp, **options)

    def say(self, *words):
        self.client.send(" ".join([self.name, *map(str, words)]).encode() + b"\n")
        return self

    def hear(self):
        return self.client.read_until(b"\n").decode().rstrip("\n")

    def closed(self):
        return self.client.closed()


class Requests(Lines):
    def __init__(self, server, name):
        self.name, self.client = name, Client(server.port)

    def say(self, *words):
        self.client.send(request("POST", "/say", " ".join([self.name, *map(str, words)]).encode()))
        return self

    def hear(self):
        answer = self.client.response()
        return answer.body.decode() if answer.status == 200 else str(answer.status)


class Texts(Lines):
    def __init__(self, server, name):
        self.name, self.socket = name, WebSocket(server.port)
        self.client = self.socket.client

    def say(self, *words):
        self.socket.send(" ".join([self.name, *map(str, words)]))
        return self

    def hear(self):
        return self.socket.receive()

    def closed(self):
        return self.socket.closed_with() == 1011


def fields(answer):
    """NUMBER WORKER PID TIMES"""
    return tuple(map(int, answer.split()))


def three(server, kind):
    """Two clients of one worker, and one of another; the pid of the first."""
    found = {}
    for i in range(40):
        client = kind(server, f"n{i}")
        _, worker, pid, _ = fields(client.say(1).hear())
        found.setdefault(worker, []).append((client, pid))
        pairs = [clients for clients in found.values() if len(clients) >= 2]
        if pairs and len(found) == 2:
            (first, pid), (second, _) = pairs[0][:2]
            other, = [clients for clients in found.values() if clients is not pairs[0]]
            return first, second, other[0][0], pid
    raise AssertionError("all of one worker")


def hold(server, client, number):
    """The worker of that client handles the message for ever."""
    client.say(number, "hold")
    server.wait_for_stderr(f"holds {client.name}")


def kill_those_that_hold(server):
    for pid in re.findall(r"\[(\d+)\]: holds", server.stderr()):
        os.kill(int(pid), signal.SIGKILL)


def kill_in_hand(kind, death):
    """The answers of the first client, up to its end, whose second message the dead one had."""
    with numbers(f"death={death}", workers=2) as server:
        first, second, other, pid = three(server, kind)
        hold(server, first, 2)
        first.say(3)
        second.say(2)
        for number in range(2, 20):
            assert fields(other.say(number).hear())[0] == number
        os.kill(pid, signal.SIGKILL)
        assert fields(second.hear())[0::3] == (2, 1)
        answers = []
        while not answers or answers[-1][0] != 3:
            try:
                answer = first.hear()
            except EOFError as end:
                return answers + [str(end)]
            if not answer[0].isdigit() or " " not in answer:
                answers.append((answer,))
                continue
            answers.append(fields(answer)[0::3])
            assert fields(answer)[2] != pid
        first.say(4)
        assert fields(first.hear())[0::3] == (4, 1)
        return answers


def check_each_death(kind, lost, closed):
    assert kill_in_hand(kind, "redeliver") == [(2, 2), (3, 1)]
    assert kill_in_hand(kind, "lose") == lost + [(3, 1)]
    answers = kill_in_hand(kind, "close")
    assert answers[:-1] == lost and re.match(closed, answers[-1]), answers


@once
def test_a_line_in_the_hands_of_the_dead():
    check_each_death(Lines, [], "closed after b''")


@once
def test_a_request_in_the_hands_of_the_dead():
    check_each_death(Requests, [("502",)], "closed after b''")


@once
def test_a_text_in_the_hands_of_the_dead():
    check_each_death(Texts, [], r"closed with b'\\x03\\xf3the worker died'")


@once
def test_who_kills_each_worker_is_sent_away():
    """A message that five workers died of is not told a sixth one."""
    with numbers("death=redeliver", workers=2) as server:
        client, other = Lines(server, "a"), Lines(server, "b")
        assert client.say(1, "die").closed()
        assert server.stderr().count("was killed by signal 9") == 5
        assert fields(other.say(1).hear())[0::3] == (1, 1)
        wait_until(lambda: len(server.workers()) == 2)


# ---- the others

def talk_through(server, action, times, death="lose"):
    """200 clients talk while that is done some times; nobody is closed and nothing is lost."""
    def due(made):
        if made.kills < times and made.answers > (made.kills + 1) * 500:
            made.kills += 1
            action(made.kills)
        return False
    made = Storm(server, "stream", 200, due)
    made.run(lambda: made.kills >= times and made.answers > (times + 4) * 500)
    assert not made.gone and made.lost() == made.twice() == 0
    return made


@once
def test_a_manager_that_is_killed_costs_nothing():
    with numbers("death=lose", "work=500") as server:
        before = named(server, "oklo: manager")[0]

        def kill(_):
            os.kill(wait_until(lambda: named(server, "oklo: manager"))[0], signal.SIGKILL)
        talk_through(server, kill, 3)
        wait_until(lambda: len(server.workers()) == 4, what="the orphans to leave")
        assert named(server, "oklo: manager")[0] != before


@once
def test_a_reload_under_load_costs_nothing():
    with numbers("death=lose", "work=500") as server:
        def reload(number):
            server.kill(signal.SIGHUP)
            server.wait_for_stderr(f"generation {number + 1} is ready")
        old = server.workers()
        talk_through(server, reload, 3)
        wait_until(lambda: len(server.workers()) == 4, what="the old ones to leave")
        assert not set(old) & set(server.workers())


@once
def test_a_gate_that_is_killed_takes_the_connections_along_and_no_worker():
    with numbers() as server:
        clients = [Lines(server, f"a{i}") for i in range(20)]
        for client in clients:
            client.say(1).hear()
        workers = server.workers()
        os.kill(named(server, "oklo: gate")[0], signal.SIGKILL)
        for client in clients:
            with contextlib.suppress(ConnectionResetError):
                assert client.closed()
        wait_until(lambda: named(server, "oklo: gate"))
        again = Lines(server, "b")
        assert fields(again.say(1).hear())[2] in workers
        assert server.workers() == workers


@once
def test_an_upload_stays_with_its_worker_through_a_reload():
    with numbers() as server, Client(server.port) as client:
        old = server.workers()
        client.send(request("POST", "/size", content_length=4 << 20) + b"x" * (1 << 20))
        server.kill(signal.SIGHUP)
        server.wait_for_stderr("generation 2 is ready")
        wait_until(lambda: len(set(server.workers()) & set(old)) == 1, what="the others to leave")
        client.send(b"y" * (3 << 20))
        assert client.response().body == b"4194304"
        wait_until(lambda: not set(server.workers()) & set(old), what="the last one to leave")
        assert client.send(request("POST", "/say", b"u 1")).response().status == 200


@once
def test_who_ends_behind_an_upload_gets_its_answer():
    with numbers() as server:
        for _ in range(20):
            with Client(server.port) as client:
                client.send(request("POST", "/size", content_length=1 << 20) + b"x" * (1 << 20)).end()
                assert client.response().body == b"1048576"
                assert client.closed()


@once
def test_a_slow_worker_holds_up_its_clients_and_no_memory():
    with numbers(workers=2) as server:
        client, _, other, _ = three(server, Lines)
        hold(server, client, 2)
        gate = named(server, "oklo: gate")[0]
        before = memory_kb(gate)
        line = f"{client.name} 3 {'x' * 1000}\n".encode()
        sent = send_what_is_taken(client.client.socket, line * 64)
        assert sent < 32 << 20
        assert memory_kb(gate) < before + 2048
        assert fields(other.say(2).hear())[0] == 2
        kill_those_that_hold(server)


def send_what_is_taken(to, piece):
    """Sends until nothing was taken for a while: how many bytes."""
    to.settimeout(0.5)
    sent = 0
    try:
        while sent < 64 << 20:
            sent += to.send(piece)
    except socket.timeout:
        pass
    return sent


# ---- where messages go

def workers_of(client, count, first=1):
    return [fields(client.say(number).hear())[1] for number in range(first, first + count)]


@once
def test_by_connection():
    with numbers("dispatch=connection", workers=3) as server:
        clients = [Lines(server, f"a{i}") for i in range(12)]
        seen = [workers_of(client, 5) for client in clients]
        assert all(len(set(one)) == 1 for one in seen)
        assert {one[0] for one in seen} == {1, 2, 3}


@once
def test_round_robin():
    with numbers("dispatch=round_robin", workers=3, threads=1) as server:
        seen = workers_of(Lines(server, "a"), 9)
        assert seen[:3] == seen[3:6] == seen[6:] and sorted(seen[:3]) == [1, 2, 3]


@once
def test_idle_worker_first():
    with numbers("dispatch=idle", workers=3) as server:
        busy = [Lines(server, f"a{i}") for i in range(2)]
        for client in busy:
            hold(server, client, 1)
        free = Lines(server, "b")
        assert len(set(workers_of(free, 20))) == 1
        kill_those_that_hold(server)


def check_nobody_waits_for_the_busy(dispatch):
    """Of many clients none has to wait for a worker whose handler runs and runs."""
    with numbers(dispatch, workers=3, threads=1) as server:
        hold(server, Lines(server, "busy"), 1)
        # What comes before it is late may wait for it.
        early = [Lines(server, f"e{i}").say(1) for i in range(3)]
        let_pass(0.2)
        clients = [Lines(server, f"a{i}") for i in range(20)]
        for number in range(1, 5):
            for client in clients:
                client.say(number)
            assert {fields(client.hear())[0] for client in clients} == {number}
        kill_those_that_hold(server)
        assert [fields(client.hear())[0] for client in early] == [1, 1, 1]


@once
def test_nobody_waits_for_a_busy_worker_one_after_another():
    check_nobody_waits_for_the_busy("dispatch=round_robin")


@once
def test_nobody_waits_for_a_busy_worker_by_load():
    check_nobody_waits_for_the_busy("dispatch=idle")


@once
def test_by_peer():
    with numbers("dispatch=peer", workers=3) as server:
        found = {}
        for host in range(1, 25):
            for name in "a", "b":
                client = Lines(server, f"{name}{host}")
                client.client.close()
                client.client.socket = connect(("127.0.0.1", server.tcp), source=f"127.0.0.{host}")
                found.setdefault(host, set()).update(workers_of(client, 3))
        assert all(len(workers) == 1 for workers in found.values())
        assert set.union(*found.values()) == {1, 2, 3}


@once
def test_by_a_function():
    with numbers("dispatch=function", workers=3) as server:
        for name in "a", "b", "c", "d":
            assert set(workers_of(Lines(server, name), 3)) == {ord(name) % 3 + 1}
        # It answered with a number that no worker has.
        assert len(set(workers_of(Lines(server, "9"), 5))) == 1


@once
def test_who_is_stopped_is_passed_over():
    with numbers("dispatch=connection", workers=2) as server:
        client = Lines(server, "a")
        _, worker, pid, _ = fields(client.say(1).hear())
        os.kill(pid, signal.SIGSTOP)
        server.wait_for_stderr(r"was stopped")
        assert set(workers_of(client, 3, first=2)) == {3 - worker}
        os.kill(pid, signal.SIGCONT)
        server.wait_for_stderr(r"goes on")
        wait_until(lambda: fields(client.say(10).hear())[1] == worker)


# ---- the mode

@once
def test_a_mode_that_is_none_is_told():
    done = run_oklo("serve", "127.0.0.1:0", "/", env={"OKLO_MODE": "fast"})
    assert done.returncode == 100, done
    assert done.stderr == 'oklo: OKLO_MODE is base or process, not "fast"\n', done
