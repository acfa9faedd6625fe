"""WebSockets that a server opens itself: the example ws_dialer, to our own server, to python3-websockets and
to a server that the test plays."""

import base64
import contextlib
import hashlib
import os
import signal
import socket
import subprocess

from client_test import accept, ask, line, target
from harness import EXAMPLES, Client, Oklo, base_mode_alone, files, free_port, kept, needs, title, wait_until
from ws_client import CLOSE, GUID, PING, PONG, TEXT, frame

PYTHON_SERVER = r"""
import asyncio, sys, websockets

async def talk(ws, path):
    if path == "/header":
        await ws.send(ws.request_headers["X-From"])
    if path == "/fragments":
        await ws.send(["frag", "men", "ted"])
    if path == "/ping":
        await (await ws.ping(b"are you there"))
        await ws.send("ponged")
    if path == "/close":
        await ws.close(4321, "enough")
    async for message in ws:
        await ws.send(message)

async def main():
    async with websockets.serve(talk, "127.0.0.1", int(sys.argv[1]), subprotocols=["chat.1"], max_size=None):
        await asyncio.Future()

asyncio.run(main())
"""


def example(name, *args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name), **options)


@contextlib.contextmanager
def dialer(*args):
    with example("ws_dialer", *args) as server, Client(server.port, timeout=20) as console:
        server.console = console
        yield server


@contextlib.contextmanager
def python_server():
    """The port of a server of python3-websockets, which sends back what it gets."""
    port = free_port()
    command = ["/usr/bin/python3", "-c", PYTHON_SERVER, str(port)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        def up():
            assert server.poll() is None, "the server has ended"
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        try:
            wait_until(up, what="the server of python3-websockets")
            yield port
        finally:
            server.kill()


def shake_hands(peer, fields=b"", behind=b""):
    """Plays the server's side; the request."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += peer.recv(4096)
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    proof = base64.b64encode(hashlib.sha1(key + GUID).digest())
    peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Accept: " + proof + b"\r\n" + fields + b"\r\n" + behind)
    return request


# ---- our own server

def test_to_our_own_server():
    with example("ws_echo") as echo, dialer() as server:
        assert ask(server, f"open ws://127.0.0.1:{echo.port}/") == "1 open "
        for text in ("hello", "", "äß€😀", "x" * 126, "y" * 70_000):
            server.console.send(f"send 1 {text}\n".encode())
            assert sorted([line(server.console), line(server.console)]) == sorted(["done", f"1: {text}"])
        for size in (0, 1, 4096, 4097, 250_000):
            server.console.send(b"bytes 1 %d\n" % size)
            assert sorted([line(server.console), line(server.console)]) == ["1 got %d bytes" % size, "done"]
        assert ask(server, "close 1 4000") == "done"
        assert line(server.console) == "1 closed 4000 "
        assert ask(server, "send 1 x") == "no"
        assert ask(server, "close 1") == "no"


def test_many_in_one_room():
    with example("ws_rooms", 2, env={"XDG_RUNTIME_DIR": "/nowhere"}) as rooms, dialer() as server:
        url = f"ws://127.0.0.1:{rooms.port}/chat/lobby"
        for number in range(1, 101):
            server.console.send(f"open {url}\n".encode())
            assert wanted(server, lambda text: text == f"{number} open ")
        heard = set()
        assert ask_for(server, "send 1 to all of you", "done")
        while len(heard) < 100:
            text = line(server.console)
            if text.endswith(" to all of you"):
                heard.add(text.partition(":")[0])


def wanted(server, is_it):
    while not is_it(line(server.console)):
        pass
    return True


def ask_for(server, text, answer):
    server.console.send(text.encode() + b"\n")
    return wanted(server, lambda said: said == answer)


def test_a_server_that_is_killed():
    with example("ws_echo") as echo, dialer() as server:
        assert ask(server, f"open ws://127.0.0.1:{echo.port}/") == "1 open "
        for owner in echo.owners():
            os.kill(owner, signal.SIGKILL)
        assert line(server.console) == "1 closed 1006 "


def test_a_server_that_stops_says_goodbye():
    with example("ws_echo") as echo, dialer() as server:
        assert ask(server, f"open ws://127.0.0.1:{echo.port}/") == "1 open "
        assert echo.stop() == 0
        assert line(server.console) == "1 closed 1001 "


# ---- one that is not ours

@needs("python3-websockets")
def test_to_another_server():
    with python_server() as port, dialer() as server:
        assert ask(server, f"open ws://127.0.0.1:{port}/header") == "1 open chat.1"
        assert line(server.console) == "1: ws_dialer"
        for text in ("hello", "", "äß€😀", "x" * 126, "y" * 70_000):
            server.console.send(f"send 1 {text}\n".encode())
            assert sorted([line(server.console), line(server.console)]) == sorted(["done", f"1: {text}"])
        for size in (0, 4097, 250_000):
            server.console.send(b"bytes 1 %d\n" % size)
            assert sorted([line(server.console), line(server.console)]) == ["1 got %d bytes" % size, "done"]
        assert ask(server, "close 1 3000") == "done"
        assert line(server.console).startswith("1 closed 3000")


@needs("python3-websockets")
def test_fragments_pings_and_a_goodbye_of_another_server():
    with python_server() as port, dialer() as server:
        assert ask(server, f"open ws://127.0.0.1:{port}/fragments") == "1 open chat.1"
        assert line(server.console) == "1: fragmented"
        assert ask(server, f"open ws://127.0.0.1:{port}/ping") == "2 open chat.1"
        assert line(server.console) == "2: ponged"
        assert ask(server, f"open ws://127.0.0.1:{port}/close") == "3 open chat.1"
        assert line(server.console) == "3 closed 4321 enough"


# ---- one that the test plays

def test_the_client_waits_for_the_server_to_end_the_stream():
    with dialer() as server, target() as listener:
        server.console.send(b"open ws://%s/\n" % listener.text.encode())
        with accept(listener) as peer:
            request = shake_hands(peer, behind=frame(TEXT, b"first", mask=None))
            assert b"\r\nSec-WebSocket-Protocol: chat.2, chat.1\r\n" in request
            assert line(server.console) == "1 open " and line(server.console) == "1: first"
            peer.sendall(frame(PING, b"p", mask=None))
            assert peer.recv(2) == bytes([0x80 | PONG, 0x81]) and len(peer.recv(5)) == 5
            peer.sendall(frame(CLOSE, b"\x03\xe8", mask=None))
            assert line(server.console) == "1 closed 1000 "
            assert peer.recv(2) == bytes([0x80 | CLOSE, 0x82]) and len(peer.recv(6)) == 6
            peer.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                raise AssertionError(f"the client did not wait: {peer.recv(1)}")


def test_a_masked_frame_is_refused():
    with dialer() as server, target() as listener:
        server.console.send(b"open ws://%s/\n" % listener.text.encode())
        with accept(listener) as peer:
            shake_hands(peer, behind=frame(TEXT, b"x"))
            assert line(server.console) == "1 open "
            assert line(server.console) == "1 closed 1002 masked frame from a server"


def test_what_is_no_websocket():
    port = free_port()
    with dialer() as server, target() as listener:
        assert ask(server, f"open ws://127.0.0.1:{port}/").endswith("Connection refused")
        assert "it must begin with ws://" in ask(server, f"open http://127.0.0.1:{port}/")
        assert "wss is not spoken" in ask(server, "open wss://example.org/")
        assert "the host is missing or no host" in ask(server, "open ws://a b/")
        server.console.send(b"open ws://%s/\n" % listener.text.encode())
        with accept(listener):
            assert line(server.console).endswith("no answer within 500 ms")
    with Oklo("serve", "127.0.0.1:{port}", "{root}", root={}) as pages, dialer() as server:
        assert ask(server, f"open ws://127.0.0.1:{pages.port}/x").endswith(": it answers 404 Not Found")


def test_by_a_name():
    with files({"hosts": b"127.0.0.77 web\n127.0.0.1 web\n"}) as place, example("ws_echo") as echo:
        with dialer(f"hosts={place}/hosts") as server:
            assert ask(server, f"open ws://web:{echo.port}/") == "1 open "
            server.console.send(b"send 1 hello\n")
            assert sorted([line(server.console), line(server.console)]) == ["1: hello", "done"]


# ---- reload, stop, processes

@base_mode_alone("in process mode no client of the gate holds a worker back")
def test_a_reload_closes_them_when_the_last_client_of_the_worker_is_gone():
    with dialer() as server, target() as listener:
        old = server.workers()
        server.console.send(b"open ws://%s/\n" % listener.text.encode())
        with accept(listener) as peer:
            shake_hands(peer)
            assert line(server.console) == "1 open "
            server.kill(signal.SIGUSR1)
            server.wait_for_stderr("generation 2 is ready")
            peer.sendall(frame(TEXT, b"still there", mask=None))
            assert line(server.console) == "1: still there"
            server.console.close()
            assert peer.recv(2) == bytes([0x80 | CLOSE, 0x82])
            assert len(peer.recv(6)) == 6
            peer.sendall(frame(CLOSE, b"\x03\xe9", mask=None))
            peer.close()
            wait_until(lambda: not set(server.workers()) & set(old), what="the old worker to leave")


def test_a_stop_while_hands_are_shaken():
    with dialer() as server, target() as listener:
        server.console.send(b"open ws://%s/\n" % listener.text.encode())
        with accept(listener):
            assert ask(server, "send 1 x") == "no"
            assert server.stop() == 0


def test_a_process_of_the_programs_own_opens_some_too():
    with example("ws_echo") as echo, dialer(f"ws://127.0.0.1:{echo.port}/") as server:
        server.wait_for_stderr("dialer.*heard hello")
        server.kill(signal.SIGUSR1)
        server.wait_for_stderr("dialer.*closed 1001")
        wait_until(lambda: sum(title(pid) == "oklo: dialer" for pid in kept(server.pid)) == 1)
