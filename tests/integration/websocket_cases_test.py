"""WebSockets, case by case, and conversations made by chance: the example testee echoes what it gets."""

import itertools
import os
import socket as sockets
import struct
import threading

import ws_cases
from harness import EXAMPLES, Oklo, timeout
from ws_client import BINARY, CLOSE, WebSocket, close_frame, frame
from ws_talks import talks

QUIET_SECONDS = 0.1
AT_ONCE = 8


def testee():
    return Oklo("127.0.0.1:{port}", program=os.path.join(EXAMPLES, "testee"))


def short(frames):
    """Frames as they may stand in a message."""
    return [(opcode, payload if len(payload) < 40 else len(payload)) for opcode, payload in frames]


def stay_quiet(socket):
    """Nothing comes for a moment."""
    raw = socket.client.socket
    before = raw.gettimeout()
    raw.settimeout(QUIET_SECONDS)
    try:
        raise AssertionError(f"too early: {raw.recv(100)!r}")
    except TimeoutError:
        raw.settimeout(before)


def end_of(socket):
    """The code of the close frame, which must come now; None when it has none."""
    opcode, payload = socket.receive_frame()
    assert opcode == CLOSE, f"no close frame but {short([(opcode, payload)])}"
    return struct.unpack(">H", payload[:2])[0] if payload else None


def conduct(port, path, case):
    with WebSocket(port, path, timeout=30, answers=False) as socket:
        got = []
        for step in case.steps:
            if step is None:
                stay_quiet(socket)
            elif isinstance(step, int):
                got += [socket.receive_frame() for _ in range(step)]
            else:
                socket.send_raw(step)
        while len(got) < len(case.answers):
            got.append(socket.receive_frame())
        assert got == case.answers, f"{short(got)}, not {short(case.answers)}"
        if case.closes:
            socket.send_raw(close_frame(1000))
        code = end_of(socket)
        assert code == case.code, f"closed with {code}, not {case.code}"
        if not case.closes:
            socket.send_raw(close_frame(case.code))
        assert socket.client.closed(), "more behind the close frame"


def run_cases(*sections, count):
    """Some at a time; says which ones fail. A case is made when its turn comes: some are large."""
    cases = itertools.chain(*(section() for section in sections))
    lock, numbers, failures = threading.Lock(), set(), []

    def work(port):
        while True:
            with lock:
                case = next(cases, None)
                if case is None:
                    return
                numbers.add(case.number)
                path = ("/", "/ws")[len(numbers) % 2]
            try:
                conduct(port, path, case)
            except Exception as error:
                failures.append(f"{case.number}: {type(error).__name__}: {error}")

    with testee() as server:
        threads = [threading.Thread(target=work, args=(server.port,)) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures, "\n" + "\n".join(sorted(failures))
    assert len(numbers) == count, len(numbers)


def test_framing_pings_and_what_is_reserved():
    run_cases(ws_cases.framing, ws_cases.pings, ws_cases.reserved_bits, ws_cases.reserved_opcodes,
              ws_cases.fragmentation, count=64)


def test_utf8():
    run_cases(ws_cases.utf8, count=145)


def test_closing():
    run_cases(ws_cases.closing, ws_cases.close_codes, count=37)


@timeout(120)
def test_large_messages():
    run_cases(ws_cases.large_messages, ws_cases.large_messages_in_fragments, count=31)


@timeout(120)
def test_large_messages_in_chops():
    run_cases(ws_cases.large_messages_in_chops, count=12)


@timeout(120)
def test_round_trips():
    run_cases(ws_cases.round_trips, count=12)


@timeout(120)
def test_talks_made_by_chance():
    run_cases(lambda: talks(range(600)), count=600)


def test_a_client_that_sends_16_mib_before_it_reads():
    for size in (1000, 100_000, 16 << 20):
        count = (16 << 20) // size
        with testee() as server, WebSocket(server.port) as socket:
            socket.client.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 65536)
            socket.send_raw(frame(BINARY, b"x" * size) * count)
            for _ in range(count):
                assert socket.receive() == b"x" * size
            assert socket.close() == 1000
