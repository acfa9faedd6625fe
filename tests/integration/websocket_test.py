"""WebSockets and rooms, from outside: the examples testee, ws_echo and ws_rooms."""

import contextlib
import json
import os
import signal
import struct

from harness import (EXAMPLES, Oklo, alive, get, http, mode, request, state, timeout,
                     wait_until)
from ws_client import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket, close_frame, frame)


def example(name, *args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name), **options)


def rooms(workers=3):
    return example("ws_rooms", workers, env={"XDG_RUNTIME_DIR": "/nowhere"})


class Guest(WebSocket):
    """A WebSocket in a room: it knows its name and its worker. Of others that leave it hears when told to."""

    hears_leaving = False

    def __init__(self, port, room="lobby", kind="chat", **options):
        super().__init__(port, f"/{kind}/{room}", **options)
        self.name, _, worker = self.receive().split()
        self.worker = int(worker)

    def receive(self):
        while " left with " in (text := super().receive()) and not self.hears_leaving:
            pass
        return text


def guests_in(port, workers, room="lobby"):
    """One guest in each worker, by its number; the kernel chooses, so others are let go."""
    found = {}

    def enough():
        guest = Guest(port, room)
        if guest.worker in found:
            guest.client.close()
        else:
            found[guest.worker] = guest
        return len(found) == workers
    wait_until(enough, what="a guest in each worker")
    return [found[worker] for worker in sorted(found)]


def hear(guest, wanted):
    text = guest.receive()
    assert text == wanted, text


def status(port):
    return json.loads(get(port, "/status").body)


# ---- one worker

def test_messages_of_every_size_come_back():
    with example("ws_echo") as echo, WebSocket(echo.port, "/") as socket:
        for size in (0, 1, 125, 126, 127, 4096, 16380, 65535, 65536, 300_000, 1 << 20):
            socket.send(b"\xff" * size)
            assert socket.receive() == b"\xff" * size
            socket.send("ä" * (size // 2))
            assert socket.receive() == "ä" * (size // 2)
        assert socket.close() == 1000


def test_it_is_reached_by_its_id_while_it_opens():
    with rooms(2) as server, WebSocket(server.port, "/by_id") as socket:
        hear(socket, "open")
        hear(socket, "sent")
        assert socket.closed_with() == 1000


def test_a_message_over_the_limit_is_refused_before_it_comes():
    with example("ws_echo") as echo, WebSocket(echo.port, "/") as socket:
        socket.send_raw(b"\x82\xff" + struct.pack(">Q", (1 << 20) + 1) + b"mask")
        assert socket.closed_with() == 1009


def test_fragments_with_a_ping_between_them():
    with example("ws_echo") as echo, WebSocket(echo.port, "/") as socket:
        socket.send_raw(frame(TEXT, "hä".encode()[:2], fin=False) + frame(PING, b"p"))
        assert socket.receive_frame() == (PONG, b"p")
        socket.send_raw(frame(CONTINUATION, fin=False) + frame(CONTINUATION, "hä".encode()[2:] + b"!"))
        assert socket.receive() == "hä!"


def test_byte_by_byte():
    with example("ws_echo") as echo, WebSocket(echo.port, "/") as socket:
        data = frame(TEXT, b"one", fin=False) + frame(PING) + frame(CONTINUATION, b"two" * 50)
        for at in range(len(data)):
            socket.send_raw(data[at:at + 1])
        assert socket.receive_frame() == (PONG, b"")
        assert socket.receive() == "one" + "two" * 50


def test_what_breaks_the_rules_is_answered_with_the_code_of_the_rule():
    wrong = [
        (frame(TEXT, b"x", reserved=1), 1002), (frame(3), 1002), (frame(11), 1002),
        (frame(PING, fin=False), 1002), (frame(PING, b"x" * 126), 1002), (frame(TEXT, b"x", mask=None), 1002),
        (frame(CONTINUATION, b"x"), 1002), (frame(TEXT, fin=False) + frame(BINARY), 1002),
        (close_frame(1005), 1002), (frame(CLOSE, b"x"), 1002), (close_frame(1000, b"\xff"), 1007),
        (frame(TEXT, b"\xc3"), 1007), (frame(TEXT, b"\xed\xa0", fin=False), 1007),
        # The first bytes of a long text are enough.
        (frame(TEXT, b"\xff" + b"x" * 5000)[:12], 1007),
    ]
    with example("ws_echo") as echo:
        for data, code in wrong:
            with WebSocket(echo.port, "/") as socket:
                assert socket.send_raw(data).closed_with() == code, data[:16]


def test_the_closing_handshake_both_ways():
    with rooms(1) as chat, Guest(chat.port) as witness:
        witness.hears_leaving = True
        with Guest(chat.port) as guest:
            assert guest.close(3001) == 3001
            assert witness.receive() == guest.name + " left with 3001"
        with Guest(chat.port) as guest:
            assert guest.send_raw(close_frame()).closed_with() is None
            assert witness.receive() == guest.name + " left with 1005"
        with Guest(chat.port) as guest:
            guest.send("/bye")
            assert guest.receive_frame() == (CLOSE, struct.pack(">H", 4000) + b"bye")
            assert guest.send_raw(close_frame(4000)).client.closed()
            assert witness.receive() == guest.name + " left with 4000"
        with Guest(chat.port) as guest:
            pass
        assert witness.receive() == guest.name + " left with 1006"


def test_a_stop_says_going_away():
    with example("ws_echo") as echo:
        with WebSocket(echo.port, "/") as socket:
            echo.kill(signal.SIGTERM)
            assert socket.receive_frame() == (CLOSE, struct.pack(">H", 1001))
            socket.send_raw(close_frame(1001))
            assert socket.client.closed()


def test_a_path_may_have_both_pages_and_websockets():
    with example("testee") as testee:
        assert get(testee.port, "/").body == b"OK"
        with WebSocket(testee.port, "/") as socket:
            assert socket.send("x").receive() == "x"
        answer = http(testee.port, request("GET", "/ws"))[0]
        assert (answer.status, answer.field("sec-websocket-version")) == (426, "13")
        assert WebSocket(testee.port, "/nowhere").answer.status == 404


# ---- rooms

def test_a_room_reaches_every_worker_and_nobody_else():
    with rooms() as chat:
        lobby, attic = guests_in(chat.port, 3), guests_in(chat.port, 3, "attic")
        for sender in lobby:
            sender.send("from " + sender.name)
            for guest in lobby:
                hear(guest, "from " + sender.name)
        attic[0].send("only here")
        for guest in attic:
            hear(guest, "only here")
        lobby[1].send("/quit")
        lobby[1].send("!everybody")
        for guest in lobby + attic:
            hear(guest, "everybody")
        http(chat.port, request("POST", "/chat/lobby", b"posted"))
        hear(lobby[0], "posted")
        lobby[2].send("@" + lobby[1].name + " psst")
        hear(lobby[1], "psst")
        lobby[0].send("@" + lobby[0].name + " me")
        lobby[0].send("@123.5 nobody")
        hear(lobby[0], "me")


def test_messages_of_one_sender_keep_their_order():
    with rooms() as chat:
        guests = guests_in(chat.port, 3)
        for i in range(2000):
            guests[0].send(f"{i}")
        for guest in guests:
            hear(guest, "0")
            for i in range(1, 2000):
                assert guest.receive() == f"{i}"


def test_a_broadcast_to_two_hundred():
    with rooms() as chat:
        guests = [Guest(chat.port) for _ in range(200)]
        assert len({guest.worker for guest in guests}) == 3
        for i in range(20):
            guests[i].send(f"number {i}")
            for guest in guests:
                assert guest.receive() == f"number {i}"
        for size in (200_000, 255 * 1024):
            http(chat.port, request("POST", "/chat/lobby", b"x" * size))
            for guest in guests[:20]:
                assert guest.receive() == "x" * size
        too_long = request("POST", "/chat/lobby", b"x" * (255 * 1024 + 1))
        assert http(chat.port, too_long)[0].body == b"too long\n"


def test_the_rooms_go_on_when_a_worker_is_killed_in_the_middle():
    with rooms() as chat:
        guests = guests_in(chat.port, 3)
        if mode() == "process":
            return check_that_kills_close_nothing(chat, guests)
        for round_number in range(5):
            guests[0].send_raw(frame(TEXT, b"noise") * 500)
            victim = [pid for pid in chat.workers() if "worker 1" in _title(pid)][0]
            os.kill(victim, signal.SIGKILL)
            with contextlib.suppress(EOFError, ConnectionError):
                while True:
                    guests[0].receive()
            wait_until(lambda: len(chat.workers()) == 3, what="the next worker")
            guests[1].send(f"round {round_number}")
            for guest in guests[1:]:
                while guest.receive() != f"round {round_number}":
                    pass
            guests[0].client.close()

            def again():
                guest = Guest(chat.port)
                if guest.worker == 1:
                    guests[0] = guest
                    return True
                guest.client.close()
                return False
            wait_until(again, what="a guest in the new worker")
            guests[0].send(f"back {round_number}")
            for guest in guests:
                while guest.receive() != f"back {round_number}":
                    pass


def check_that_kills_close_nothing(chat, guests):
    for round_number in range(5):
        for victim in chat.workers():
            os.kill(victim, signal.SIGKILL)
        for guest in guests:
            guest.send(f"round {round_number} of {guest.name}")
            for hearer in guests:
                hear(hearer, f"round {round_number} of {guest.name}")


def _title(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().decode()


def test_the_rooms_span_a_reload():
    with rooms() as chat:
        old = guests_in(chat.port, 3)
        chat.kill(signal.SIGUSR1)
        wait_until(lambda: status(chat.port)["generation"] == 2, what="the reload")
        young = guests_in(chat.port, 3)
        for sender in old + young:
            sender.send("from " + sender.name)
            for guest in old + young:
                hear(guest, "from " + sender.name)
        old[0].send("@" + young[2].name + " psst")
        hear(young[2], "psst")
        for guest in old:
            guest.close()
        wait_until(lambda: len(chat.workers()) == 3, what="the old workers to leave")


def test_a_stopped_worker_keeps_nobody_waiting_and_tells_what_it_missed():
    with rooms() as chat:
        guests = guests_in(chat.port, 3)
        victim = [pid for pid in chat.workers() if "worker 2" in _title(pid)][0]
        os.kill(victim, signal.SIGSTOP)
        wait_until(lambda: state(victim) == "T", what="it to stop")
        for i in range(40):
            http(chat.port, request("POST", "/chat/lobby", b"%d" % i + b"x" * 100_000))
            for guest in guests if mode() == "process" else (guests[0], guests[2]):
                assert guest.receive().startswith(str(i))
        os.kill(victim, signal.SIGCONT)
        guests[0].send("again")
        while guests[1].receive() != "again":
            pass
        assert (status(chat.port)["broadcasts_missed"] > 0) == (mode() == "base")
        if mode() == "process":
            return
        chat.wait_for_stderr("missed [0-9]+ messages")


# ---- those who do not listen

@timeout(120)
def test_a_slow_receiver_misses_the_oldest_or_is_sent_away():
    with rooms(1) as chat:
        late, strict = Guest(chat.port, "a", "late"), Guest(chat.port, "a", "strict")
        with Guest(chat.port, "a") as other:
            for i in range(2500):
                other.send(f"{i}:" + "x" * 10_000)
                assert other.receive().startswith(f"{i}:")
        assert status(chat.port)["messages_dropped"] > 0
        assert strict.closed_with() == 1013
        numbers = []
        while not numbers or numbers[-1] != 2499:
            text = late.receive()
            if ":" in text:
                numbers.append(int(text.split(":")[0]))
        assert numbers == sorted(numbers) and len(numbers) < 2500
        strict.client.close()
        wait_until(lambda: status(chat.port)["closed"]["queue_full"] == 1, what="it to be counted")


def test_one_that_sends_and_does_not_read_is_not_read_either():
    with example("testee") as testee, WebSocket(testee.port, timeout=2) as socket:
        message = frame(BINARY, b"x" * 100_000)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 100 << 20:
                socket.send_raw(message)
                sent += len(message)
        assert sent < 60 << 20
        assert alive(testee.pid)
        assert socket.receive() == b"x" * 100_000
