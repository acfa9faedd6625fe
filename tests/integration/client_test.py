"""Connections that a server makes itself: the examples dialer and tcp_proxy, driven from both ends."""

import contextlib
import hashlib
import os
import select
import signal
import socket
import struct
import tempfile
import threading

from harness import (EXAMPLES, Client, Oklo, alive, base_mode_alone, free_port, kept, memory_kb, mode,
                     title, wait_until)


def example(name, *args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name), **options)


class Listener(socket.socket):
    text = ""  # what connects to it


@contextlib.contextmanager
def target(backlog=1000, path=None):
    """A listener whose connections the test accepts."""
    with Listener(socket.AF_UNIX if path else socket.AF_INET) as listener:
        listener.settimeout(10)
        listener.bind(path or ("127.0.0.1", 0))
        if path:
            os.chmod(path, 0o777)
        listener.listen(backlog)
        listener.text = f"unix:{path}" if path else "127.0.0.1:%d" % listener.getsockname()[1]
        yield listener


@contextlib.contextmanager
def full_target():
    """A listener whose queue is full: TCP drops what comes, as a machine that is switched off does."""
    with target(backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(2):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener


def accept(listener):
    peer, _ = listener.accept()
    peer.settimeout(10)
    return peer


def reset(peer):
    """Closes with RST."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def line(console):
    return console.read_until(b"\n").decode().rstrip("\n")


@contextlib.contextmanager
def dialer(*args, **options):
    with example("dialer", *args, **options) as server:
        with Client(server.port) as console:
            server.console = console
            yield server


def opened(server, listener, number):
    """Opens a connection: the peer that was accepted."""
    server.console.send(b"open %s\n" % listener.text.encode())
    peer = accept(listener)
    assert line(server.console).startswith(f"{number} up to ")
    return peer


def ask(server, text):
    server.console.send(text.encode() + b"\n")
    return line(server.console)


# ---- coming up and failing

def test_messages_go_both_ways_and_are_framed():
    with dialer() as server, target() as listener:
        with opened(server, listener, 1) as peer:
            peer.sendall(b"one\ntwo\nthr")
            assert line(server.console) == "1: one" and line(server.console) == "1: two"
            peer.sendall(b"ee\n")
            assert line(server.console) == "1: three"
            assert ask(server, "send 1 hello there") == "done"
            assert peer.recv(100) == b"hello there\n"
            assert ask(server, "close 1") == "done"
            assert peer.recv(100) == b""
            peer.close()
            assert line(server.console) == "1 closed finished"
        assert ask(server, "close 1") == "no"
        assert ask(server, "send 1 x") == "no"


def test_a_message_that_is_too_long_closes():
    with dialer() as server, target() as listener:
        with opened(server, listener, 1) as peer:
            peer.sendall(b"x" * 2000)
            assert peer.recv(1) == b""
            peer.close()
            assert line(server.console) == "1 closed message_too_big"


def test_refused():
    port = free_port()
    with dialer() as server:
        assert ask(server, f"open 127.0.0.1:{port}") == \
            f"1 failed: 127.0.0.1:{port}: cannot connect to 127.0.0.1:{port}: Connection refused"
        assert ask(server, "open unix:/nowhere") == \
            "2 failed: unix:/nowhere: cannot connect to unix:/nowhere: No such file or directory"


def test_nonsense_is_no_address():
    with dialer() as server:
        assert "the port is missing" in ask(server, "open 127.0.0.1")
        assert 'bad address ""' in ask(server, "open ")
        assert ask(server, "open a..b:1").endswith(': the host name "a..b" has an empty label')


def test_nobody_answers():
    with dialer() as server, full_target() as listener:
        server.console.send(b"open %s hasty\n" % listener.text.encode())
        assert line(server.console) == \
            f"1 failed: {listener.text}: cannot connect to {listener.text}: no answer within 300 ms"


def test_cancelled_while_it_connects():
    with dialer() as server, full_target() as listener:
        server.console.send(b"open %s hasty\n" % listener.text.encode())
        assert ask(server, "send 1 too early") == "no"
        assert ask(server, "close 1") == "done"
        assert ask(server, "close 1") == "no"
        # What fails after it has been cancelled has failed after its time, too.
        server.console.send(b"open %s hasty\n" % listener.text.encode())
        assert line(server.console).startswith("2 failed: ")


def test_a_unix_socket_and_one_whose_queue_is_full():
    with tempfile.TemporaryDirectory(prefix="oklo-test-") as directory:
        os.chmod(directory, 0o777)
        with dialer() as server, target(backlog=0, path=os.path.join(directory, "s")) as listener:
            with opened(server, listener, 1) as peer:
                peer.sendall(b"over unix\n")
                assert line(server.console) == "1: over unix"
            assert line(server.console) == "1 end"
            assert line(server.console) == "1 closed peer_reset"
            server.console.send(b"open %s\nopen %s\n" % ((listener.text.encode(),) * 2))
            assert line(server.console) == "2 up to unix"
            with accept(listener):
                assert line(server.console) == "3 up to unix"
                accept(listener).close()


def test_a_peer_that_closes_or_resets_at_once():
    with dialer() as server, target() as listener:
        opened(server, listener, 1).close()
        assert line(server.console) == "1 end"
        assert ask(server, "close 1") == "done"
        assert line(server.console) == "1 closed finished"
        reset(opened(server, listener, 2))
        assert line(server.console) == "2 closed peer_reset"


def test_half_close_of_either_side():
    with dialer() as server, target() as listener:
        with opened(server, listener, 1) as peer:
            peer.shutdown(socket.SHUT_WR)
            assert line(server.console) == "1 end"
            assert ask(server, "send 1 still heard") == "done"
            assert peer.recv(100) == b"still heard\n"
            assert ask(server, "finish 1") == "done"
            assert line(server.console) == "1 closed finished"
        with opened(server, listener, 2) as peer:
            assert ask(server, "finish 2") == "done"
            assert peer.recv(100) == b""
            peer.sendall(b"and back\n")
            assert line(server.console) == "2: and back"
        assert line(server.console) == "2 closed finished"


def test_thousands_of_connections():
    with dialer() as server, target(backlog=4096) as listener:
        peers = []

        def take():
            with contextlib.suppress(OSError):
                while len(peers) < 2000:
                    peers.append(listener.accept()[0])
        taker = threading.Thread(target=take)
        taker.start()
        assert ask(server, f"many 2000 {listener.text}") == "many: 2000 up "
        taker.join()
        server.console.send(b"drop\n")
        for peer in peers:
            peer.settimeout(10)
            assert peer.recv(1) == b""
            peer.close()
        opened(server, listener, 1).close()


def test_more_than_there_is_room_for():
    limit = ("sh", "-c", 'ulimit -n 160; exec "$@"', "sh")
    with dialer(prefix=limit) as server, target() as listener:
        answer = ask(server, f"many 500 {listener.text}")
        up = int(answer.split()[1])
        assert 10 < up < 160 and answer.endswith("it has as many connections as it may"), answer
        server.console.send(b"drop\n")
        assert ask(server, "close 99") == "no"
        opened(server, listener, 1).close()
        with Client(server.port) as another:
            another.send(b"close 99\n")
            assert line(another) == "no"


# ---- reload, stop, processes

@base_mode_alone("in process mode no client of the gate holds a worker back")
def test_a_reload_closes_them_when_the_last_client_of_the_worker_is_gone():
    with dialer() as server, target() as listener:
        old = server.workers()
        with opened(server, listener, 1) as peer:
            server.kill(signal.SIGUSR1)
            wait_until(lambda: set(server.workers()) - set(old), what="the next worker")
            peer.sendall(b"still there\n")
            assert line(server.console) == "1: still there"
            assert opened(server, listener, 2)
            server.console.close()
            assert peer.recv(100) == b""
            peer.close()
            wait_until(lambda: not set(server.workers()) & set(old), what="the old worker to leave")


def test_a_worker_that_has_only_connections_of_its_own_leaves_at_once():
    with dialer() as server, target() as listener:
        with opened(server, listener, 1) as peer:
            old = server.workers()
            server.console.close()
            server.kill(signal.SIGUSR1)
            assert peer.recv(100) == b""
            peer.close()
            wait_until(lambda: not set(server.workers()) & set(old), what="the old worker to leave")


def test_a_stop_with_open_ones_and_with_some_that_are_being_made():
    with dialer() as server, full_target() as full, target() as listener:
        with opened(server, listener, 1) as peer:
            server.console.send(b"open %s\n" % full.text.encode())
            assert ask(server, "send 2 x") == "no"
            server.kill(signal.SIGTERM)
            assert peer.recv(100) == b""
        assert server.stop() == 0


def test_a_process_of_the_programs_own_has_clients_too():
    with target() as listener, example("dialer", listener.text) as server:
        with accept(listener) as peer:
            assert peer.recv(100) == b"hello\n"
            peer.sendall(b"good day\n")
            server.wait_for_stderr("dialer.*heard good day")
            server.kill(signal.SIGUSR1)
            with accept(listener) as following:
                assert following.recv(100) == b"hello\n"
                assert peer.recv(100) == b""
                peer.close()
                server.wait_for_stderr("dialer.*told to leave(.|\n)*closed drained")
                wait_until(lambda: sum(title(pid) == "oklo: dialer" for pid in kept(server.pid)) == 1)
                following.sendall(b"again\n")
                server.wait_for_stderr("dialer.*heard again")


# ---- the proxy

@contextlib.contextmanager
def proxy(workers=1):
    with target() as listener, example("tcp_proxy", listener.text, workers) as server:
        server.target = listener
        yield server


def test_proxy_relays_and_passes_on_both_ends():
    with proxy() as server:
        with Client(server.port) as client, accept(server.target) as peer:
            client.send(b"ask")
            assert peer.recv(100) == b"ask"
            client.end()
            assert peer.recv(100) == b""
            peer.sendall(b"answer after the end")
            peer.shutdown(socket.SHUT_WR)
            assert client.read_all() == b"answer after the end"


def test_proxy_closes_where_the_target_refuses():
    with example("tcp_proxy", f"127.0.0.1:{free_port()}", 1) as server:
        with Client(server.port) as client:
            client.send(b"x")
            with contextlib.suppress(ConnectionResetError):
                assert client.read_all() == b""
        server.wait_for_stderr("cannot connect to 127.0.0.1:.*: Connection refused")


def test_proxy_passes_on_a_reset():
    with proxy() as server:
        with Client(server.port) as client:
            peer = accept(server.target)
            client.send(b"x")
            assert peer.recv(1) == b"x"
            reset(peer)
            with contextlib.suppress(ConnectionResetError):
                assert client.read_all() == b""
        with Client(server.port) as client, accept(server.target) as peer:
            client.send(b"x")
            assert peer.recv(1) == b"x"
            reset(client.socket)
            with contextlib.suppress(ConnectionResetError):
                assert peer.recv(1) == b""


def feed(peer, count, piece, digest):
    for _ in range(count):
        digest.update(piece)
        peer.sendall(piece)
    peer.shutdown(socket.SHUT_WR)


def test_proxy_with_a_slow_reader_takes_little_memory():
    piece = os.urandom(1 << 20)
    with proxy() as server:
        worker = wait_until(server.workers)[0]
        before = memory_kb(worker)
        with Client(server.port) as client, accept(server.target) as peer:
            sent, came = hashlib.sha1(), hashlib.sha1()
            feeder = threading.Thread(target=feed, args=(peer, 100, piece, sent))
            feeder.start()
            most, total = 0, 0
            while data := client.socket.recv(65536):
                came.update(data)
                total += len(data)
                if total % (1 << 20) < len(data):
                    most = max(most, memory_kb(worker))
            feeder.join()
            assert total == 100 << 20 and came.digest() == sent.digest()
            # In process mode what is on its way to the gate counts, too, until on_buffer_full has come back.
        assert most - before < (8192 if mode() == "base" else 65536), (before, most)


def test_proxy_holds_up_a_sender_whose_other_side_does_not_read():
    with proxy() as server:
        with Client(server.port) as client, accept(server.target) as peer:
            peer.setblocking(False)
            sent = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    wait_until(lambda: writable(peer), timeout=1)
                    sent += peer.send(bytes(1 << 16))
                    assert sent < 100_000_000
            peer.settimeout(10)
            peer.shutdown(socket.SHUT_WR)
            assert len(client.read_all()) == sent


def writable(peer):
    if select.select([], [peer], [], 0)[1]:
        return True
    raise BlockingIOError


def test_proxy_when_the_target_is_killed():
    with example("tcp_echo") as echo:
        with example("tcp_proxy", f"127.0.0.1:{echo.port}", 2) as server:
            clients = [Client(server.port) for _ in range(20)]
            for client in clients:
                assert client.send(b"hello").read(5) == b"hello"
            for owner in echo.owners():
                os.kill(owner, signal.SIGKILL)
            for client in clients:
                with contextlib.suppress(ConnectionResetError):
                    assert client.read_all() == b""
                client.close()
            wait_until(echo.owners)
            with Client(server.port) as client:
                assert client.send(b"again").read(5) == b"again"


def test_proxy_reload_and_stop():
    with example("tcp_echo") as echo, example("tcp_proxy", f"127.0.0.1:{echo.port}", 2) as server:
        old = server.workers()
        with Client(server.port) as client:
            assert client.send(b"before").read(6) == b"before"
            server.kill(signal.SIGUSR1)
            server.wait_for_stderr("generation 2 is ready")
            if mode() == "base":
                assert client.send(b"after").read(5) == b"after"
            else:  # The other side was a connection of the worker's own.
                assert client.read_all() == b""
        wait_until(lambda: not any(alive(pid) for pid in old), what="the old workers to leave")
        with Client(server.port) as client:
            assert client.send(b"x").read(1) == b"x"
            server.kill(signal.SIGTERM)
            assert client.read_all() == b""
        assert server.stop() == 0
