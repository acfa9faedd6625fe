"""Raw TCP, UDP and unix sockets: the examples and the testee, driven from outside."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading

from harness import (EXAMPLES, Client, Oklo, alive, free_port, get, mode, needs, state, wait_until)

TESTEE = os.path.join(EXAMPLES, "testee")


def example(name, *args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name), **options)


@contextlib.contextmanager
def testee(workers=2, tcp=None, udp=None):
    """The testee with HTTP, TCP and UDP; the port of TCP and UDP is .raw. It is up when a worker answers."""
    raw = free_port()
    with Oklo("127.0.0.1:{port}", "--workers", workers, "--tcp", tcp or f"127.0.0.1:{raw}",
              "--udp", udp or f"127.0.0.1:{raw}", program=TESTEE) as server:
        server.raw = raw
        assert get(server.port).body == b"OK"
        yield server


def udp(port, host="127.0.0.1"):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(10)
    client.connect((host, port))
    return client


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def read_frame(client):
    return client.read(struct.unpack(">I", client.read(4))[0])


def echoes(client, data):
    """Whether what is sent comes back, all of it, while both sides send."""
    sender = threading.Thread(target=lambda: client.send(data))
    sender.start()
    came = client.read(len(data))
    sender.join()
    return came == data


# ---- the echo

def test_tcp_echoes_pieces_of_any_size():
    with testee() as server:
        with Client(server.raw) as client:
            for size in (1, 2, 1000, 16384, 16385, 3_000_000):
                assert echoes(client, os.urandom(size))
            client.end()
            assert client.read_all() == b""
        assert get(server.port).body == b"OK"


def test_tcp_echoes_many_connections_at_once():
    with testee() as server:
        clients = [Client(server.raw) for _ in range(300)]
        for round in range(3):
            for i, client in enumerate(clients):
                client.send(b"%d-%d;" % (round, i))
            for i, client in enumerate(clients):
                assert client.read_until(b";") == b"%d-%d;" % (round, i)
        for client in clients:
            client.close()


def test_an_echo_that_is_not_read_stops_reading():
    with example("tcp_echo") as server:
        with Client(server.port, timeout=2) as client:
            client.socket.setblocking(False)
            sent = 0
            data = bytes(range(256)) * 256

            def stuck():
                nonlocal sent
                try:
                    sent += client.socket.send(data[sent % 256:])
                except BlockingIOError:
                    return server_is_idle()
                return False

            def server_is_idle():
                return all(state(worker) == "S" for worker in server.workers())
            wait_until(stuck, what="a connection that takes no more")
            assert sent < 200_000_000
            client.socket.settimeout(10)
            client.end()
            came = client.read_all()
            assert len(came) == sent and came[:256] == data[:256]


@needs("nc")
def test_nc_gets_its_echo():
    with example("tcp_echo") as server:
        done = subprocess.run(["nc", "-N", "127.0.0.1", str(server.port)], input=b"hello\n", timeout=20,
                              capture_output=True)
        assert done.stdout == b"hello\n", done


def test_udp_echoes_empty_small_and_large_packets():
    with testee() as server:
        with udp(server.raw) as client:
            for data in (b"x", b"", b"y" * 1472, os.urandom(65507)):
                client.send(data)
                assert client.recv(70000) == data


def test_udp_under_load_answers_each_peer():
    with testee(workers=3) as server:
        clients = [udp(server.raw) for _ in range(100)]
        answered = 0
        for round in range(30):
            for i, client in enumerate(clients):
                client.send(b"%d %d" % (round, i))
            for i, client in enumerate(clients):
                assert client.recv(100) == b"%d %d" % (round, i)
                answered += 1
        assert answered == 3000
        for client in clients:
            client.close()


def test_unix_sockets_stream_and_datagrams():
    with tempfile.TemporaryDirectory(prefix="oklo-test-") as directory:
        os.chmod(directory, 0o777)
        stream, packets = os.path.join(directory, "stream"), os.path.join(directory, "packets")
        with testee(tcp=f"unix:{stream}", udp=f"unix:{packets}"):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(stream)
                client.sendall(b"over unix")
                assert client.recv(100) == b"over unix"
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
                client.settimeout(10)
                client.bind(os.path.join(directory, "client"))
                # The workers run as another user, who must be able to answer.
                os.chmod(os.path.join(directory, "client"), 0o777)
                for data in (b"one", b"", b"three"):
                    client.sendto(data, packets)
                    assert client.recv(100) == data
        assert not os.path.exists(stream) and not os.path.exists(packets)


# ---- what happens to the service

def generation_is_new(server, old):
    def changed():
        new = server.workers()
        return new and not set(new) & set(old)
    return changed


def test_a_connection_lives_through_a_reload():
    with testee() as server:
        old = server.workers()
        with Client(server.raw) as client, Client(server.raw) as leaves:
            assert echoes(client, b"before") and echoes(leaves, b"before")
            server.kill(signal.SIGUSR1)
            wait_until(lambda: len(server.workers()) > len(old) or not set(old) & set(server.workers()))
            assert echoes(client, b"after")
            with Client(server.raw) as fresh:
                assert echoes(fresh, b"new")
            leaves.end()
            assert leaves.read_all() == b""
            assert echoes(client, b"still there")
        wait_until(generation_is_new(server, old), what="the old workers to leave")


def test_udp_loses_nothing_in_a_reload():
    with testee() as server:
        old = server.workers()
        clients = [udp(server.raw) for _ in range(20)]
        server.kill(signal.SIGUSR1)

        def round_trip():
            for i, client in enumerate(clients):
                client.send(b"%d" % i)
                assert client.recv(100) == b"%d" % i
            return generation_is_new(server, old)()
        wait_until(round_trip, what="the new workers")
        round_trip()
        for client in clients:
            client.close()


def test_a_stop_sends_what_is_queued_and_closes():
    with testee() as server:
        with Client(server.raw) as client, Client(server.raw) as idle:
            assert echoes(client, b"hello") and echoes(idle, b"hello")
            server.kill(signal.SIGTERM)
            assert client.read_all() == b"" and idle.read_all() == b""
        assert server.stop() == 0


def test_a_worker_that_is_killed_ends_its_connections_and_no_other():
    with testee(workers=2) as server:
        clients = [Client(server.raw) for _ in range(40)]
        for client in clients:
            assert echoes(client, b"hello")
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: not alive(victim) and len(server.workers()) == 2)
        ended = 0
        for client in clients:
            try:
                client.send(b"x")
                assert client.read(1) == b"x"
            except (EOFError, OSError):
                ended += 1
            client.close()
        assert 0 < ended < 40 if mode() == "base" else ended == 0, ended
        with Client(server.raw) as client:
            assert echoes(client, b"again")
        for _ in range(20):
            with udp(server.raw) as client:
                client.send(b"again")
                assert client.recv(100) == b"again"


# ---- lines

def test_lines_is_a_store_that_all_workers_share():
    with example("lines") as server:
        with Client(server.port) as client:
            assert client.read_until(b"\n") == b"+hello\n"
            client.send(b"set colour deep blue\nget colour\r\nget nothing\nwhat\n")
            assert client.read_until(b"unknown command\n") == \
                b"+stored\n+deep blue\n-no such name\n-unknown command\n"
        for _ in range(20):
            with Client(server.port) as client:
                client.send(b"get colour\nquit\n")
                assert client.read_all() == b"+hello\n+deep blue\n+bye\n"
        server.wait_for_stderr(r"127\.0\.0\.1:\d+: 4 commands, peer_closed")
        server.wait_for_stderr(r"127\.0\.0\.1:\d+: 2 commands, finished")


def test_lines_byte_by_byte_and_too_long_ones():
    with example("lines") as server:
        with Client(server.port) as client:
            client.read_until(b"\n")
            for byte in b"set a 1\nget a\n":
                client.send(bytes([byte]))
            assert client.read_until(b"1\n") == b"+stored\n+1\n"
            client.send(b"set a " + b"x" * 2000)
            assert client.read_all() == b""
        server.wait_for_stderr("2 commands, message_too_big")


# ---- frames

def test_frames_answers_as_many_as_were_asked_for():
    with example("frames") as server:
        with Client(server.port) as client:
            client.send(frame(b"3") + frame(b"0") + frame(b"5000"))
            assert [read_frame(client) for _ in range(3)] == [b"0", b"1", b"2"]
            assert [int(read_frame(client)) for _ in range(5000)] == list(range(5000))
            client.send(frame(b"1"))
            assert read_frame(client) == b"0"


def test_frames_makes_no_more_than_is_read():
    with example("frames") as server:
        with Client(server.port) as client:
            client.send(frame(b"1000000000000"))
            assert read_frame(client) == b"0"
            for i in range(1, 100_000):
                assert int(read_frame(client)) == i


def test_frames_closes_on_nonsense():
    with example("frames") as server:
        for bad in (frame(b"many"), struct.pack(">I", 1000)):
            with Client(server.port) as client:
                try:
                    assert client.send(bad).read_all() == b""
                except ConnectionResetError:
                    pass


# ---- wrong options

def test_a_wrong_address_is_an_error_that_names_it():
    for flag in ("--tcp", "--udp"):
        done = subprocess.run([TESTEE, "127.0.0.1:0", flag, "nowhere"], capture_output=True, text=True,
                              timeout=20, stdin=subprocess.DEVNULL)
        assert done.returncode == 100, done
        assert done.stderr.count("\n") == 1 and '"nowhere"' in done.stderr, done


def test_an_address_in_use_is_an_error():
    with udp(free_port()) as taken:
        taken_port = taken.getsockname()[1]
        done = subprocess.run([TESTEE, "127.0.0.1:0", "--udp", f"127.0.0.1:{taken_port}"], timeout=20,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 111, done
        assert f"127.0.0.1:{taken_port}" in done.stderr, done
