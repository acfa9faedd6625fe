"""Who may come in, and who they are: rules for networks, limits of addresses, and the PROXY protocol, also
from a real HAProxy."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import struct
import tempfile
import threading

from harness import (EXAMPLES, Client, Oklo, free_port, listening, needs, request, timeout,
                     wait_until)
from ports import connect
from ws_client import WebSocket

HERE = "127.0.0.1"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def guarded(*words, **options):
    """The example, with a raw service at the port `tcp`, and datagrams there, too."""
    tcp = free_port()
    server = Oklo(HERE + ":{port}", f"tcp={HERE}:{tcp}", f"udp={HERE}:{tcp}", "workers=2", *words,
                  program=os.path.join(EXAMPLES, "guarded"), **options)
    server.tcp = tcp
    return server


class Comer(Client):
    """A client from an address of this host, which perhaps sends a header of a proxy first."""

    def __init__(self, port, source=HERE, header=b""):  # pylint: disable=super-init-not-called
        self.socket = connect((HERE, port), source=source)
        self.buffer = b""
        self.send(header)

    def greeted(self):
        """Whether the raw service lets it in; then what it is called there."""
        try:
            return self.read_until(b"\n").decode().strip()
        except (EOFError, ConnectionResetError):
            return None

    def refused(self):
        """Whether it is closed without a word."""
        try:
            return self.closed()
        except ConnectionResetError:
            return True


def line(peer, port=5000):
    kind, here = ("TCP6", "::1") if ":" in peer else ("TCP4", HERE)
    return f"PROXY {kind} {peer} {here} {port} 80\r\n".encode()


def block(peer, port=5000, command=0x21, extras=b""):
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    body = socket.inet_pton(family, peer) * 2 + struct.pack(">HH", port, 80) + extras
    kind = 0x21 if family == socket.AF_INET6 else 0x11
    return SIGNATURE + struct.pack(">BBH", command, kind, len(body)) + body


def ask(port, path="/", source=HERE, header=b"", **fields):
    with Comer(port, source, header) as client:
        return client.get(path, connection="close", **fields)


def status(server, header=b""):
    return json.loads(ask(server.port, "/status", header=header).body)


def closed(server, reason, header=b""):
    return status(server, header)["closed"][reason]


# ---- the PROXY protocol

CONFIG = """
global
    maxconn 500
defaults
    mode tcp
    timeout connect 5s
    timeout client 30s
    timeout server 30s
listen http
    bind 127.0.0.1:{http}
    server oklo 127.0.0.1:{port} {proxy}
listen stream
    bind 127.0.0.1:{stream}
    server oklo 127.0.0.1:{tcp} {proxy}
listen checked
    bind 127.0.0.1:{checked}
    mode http
    option httpchk GET /
    server oklo 127.0.0.1:{port} {proxy} check inter 100ms fall 1 rise 1
"""


@contextlib.contextmanager
def haproxy(server, proxy):
    """HAProxy in front of it: its ports by name."""
    ports = {name: free_port() for name in ("http", "stream", "checked")}
    with tempfile.TemporaryDirectory(prefix="oklo-haproxy-") as place:
        path = os.path.join(place, "haproxy.cfg")
        with open(path, "w") as file:
            file.write(CONFIG.format(port=server.port, tcp=server.tcp, proxy=proxy, **ports))
        program = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        with Oklo("-db", "-f", path, program=program, port=ports["checked"], code=-signal.SIGTERM) as front:
            wait_until(lambda: all(listening(port) for port in ports.values()), what="HAProxy to listen")
            yield ports, front


def check_behind(proxy):
    with guarded(f"proxy={HERE}") as server, haproxy(server, proxy) as (ports, front):
        for source in ("127.0.0.5", "127.7.8.9"):
            with Comer(ports["http"], source) as client:
                for _ in range(3):
                    assert client.get("/").body == f"{source}\n".encode()
            with Comer(ports["stream"], source) as client:
                assert client.greeted() == f"{source}:{client.socket.getsockname()[1]}"
                assert client.send(b"x" * 100_000).read(100_000) == b"x" * 100_000
        with WebSocket(ports["http"]) as socket_:
            assert socket_.receive() == HERE
            socket_.send("hello")
            assert socket_.receive() == "hello"
        server.wait_for_stderr(r"(?m)^127\.7\.8\.9 - - .*GET / HTTP/1\.1. 200")
        # HAProxy itself asks whether the service is there, on connections that it says are its own.
        wait_until(lambda: ask(ports["checked"], source="127.0.0.6").status == 200, what="a check to succeed")
        assert "is DOWN" not in front.stderr()
        ended = status(server, line(HERE))["closed"]
        assert ended["proxy_header"] == ended["denied"] == ended["header_timeout"] == 0


@needs("haproxy")
def test_haproxy_speaks_for_its_clients_in_lines():
    check_behind("send-proxy")


@needs("haproxy")
def test_haproxy_speaks_for_its_clients_in_blocks():
    check_behind("send-proxy-v2")


@needs("haproxy")
def test_haproxy_adds_a_checksum():
    check_behind("send-proxy-v2 proxy-v2-options crc32c,unique-id")


def test_a_peer_is_who_the_header_says():
    with guarded(f"proxy={HERE}") as server:
        for make in (line, block):
            for peer in ("192.0.2.1", "2001:db8::1"):
                assert ask(server.port, header=make(peer)).body == f"{peer}\n".encode()
                shown = f"[{peer}]" if ":" in peer else peer
                with Comer(server.tcp, header=make(peer)) as client:
                    assert client.greeted() == f"{shown}:5000"
        # What a client may forge is not asked.
        forged = ask(server.port, header=line("192.0.2.1"), x_forwarded_for="198.51.100.1")
        assert forged.body == b"192.0.2.1\n"
        for own in (b"PROXY UNKNOWN\r\n", block("192.0.2.1", command=0x20)):
            assert ask(server.port, header=own).body == HERE.encode() + b"\n"


def test_the_header_may_come_in_pieces_and_with_the_request():
    whole = request("GET", "/", connection="close")
    with guarded(f"proxy={HERE}") as server:
        for header in (line("192.0.2.1"), block("192.0.2.1", extras=b"\4\0\2xx")):
            for cut in random.Random(1).sample(range(1, len(header) + len(whole)), 12):
                with Comer(server.port, header=(header + whole)[:cut]) as client:
                    client.send((header + whole)[cut:])
                    assert client.response().body == b"192.0.2.1\n"
            with Comer(server.tcp) as client:
                for byte in header:
                    client.send(bytes([byte]))
                assert client.greeted() == "192.0.2.1:5000"


def test_who_is_no_trusted_proxy_does_not_come_in():
    with guarded("proxy=127.0.0.9", f"proxy={HERE}") as server:
        for port in (server.port, server.tcp):
            with Comer(port, "127.0.0.2", line("192.0.2.1")) as liar:
                assert liar.refused()
            with Comer(port, "127.0.0.9", line("192.0.2.1") + request("GET", "/")) as proxy:
                assert proxy.read_until(b"192.0.2.1")
        assert closed(server, "denied", line(HERE)) == 2


def test_broken_headers_are_counted_and_told():
    broken = [request("GET", "/"), b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", b"PROXY UNKNOWN " + b"x" * 100,
              SIGNATURE + b"\x31\x11\0\0", block("192.0.2.1", extras=b"\3\0\4\0\0\0\0"),
              block("192.0.2.1")[:-1]]
    with guarded(f"proxy={HERE}") as server:
        for header in broken:
            for port in (server.port, server.tcp):
                with Comer(port, header=header) as client:
                    client.end()
                    assert client.refused()
        assert closed(server, "proxy_header", line(HERE)) == 2 * len(broken)
        server.wait_for_stderr(f"the PROXY header of {HERE} is broken: ")


def test_a_header_that_does_not_come_has_its_time():
    with guarded(f"proxy={HERE}", "proxy-time=200") as server:
        for port in (server.port, server.tcp):
            with Comer(port, header=line("192.0.2.1")[:-1]) as client:
                assert client.refused()
        with Comer(server.tcp) as silent:
            assert silent.refused()
        assert closed(server, "header_timeout", line(HERE)) == 3
        assert ask(server.port, header=line("192.0.2.1")).body == b"192.0.2.1\n"


def test_a_reload_waits_for_no_header_and_loses_none():
    with guarded(f"proxy={HERE}") as server:
        begun = [Comer(port, header=line("192.0.2.1")[:9]) for port in (server.port, server.tcp)]
        wait_until(lambda: opened(server, line(HERE)) == 2)
        server.kill(signal.SIGHUP)
        wait_until(lambda: status(server, line(HERE))["generation"] == 2)
        for client in begun:
            client.send(line("192.0.2.1")[9:])
        assert begun[0].get("/").body == b"192.0.2.1\n"
        assert begun[1].greeted() == "192.0.2.1:5000"
        close_all(begun)


def test_a_stop_waits_for_no_header():
    with guarded(f"proxy={HERE}") as server:
        with Comer(server.tcp, header=line("192.0.2.1")[:9]) as begun:
            wait_until(lambda: opened(server, line(HERE)) == 1)
            server.kill(signal.SIGTERM)
            assert begun.refused()


def test_a_look_at_the_port_is_no_fault():
    with guarded(f"proxy={HERE}") as server:
        for _ in range(5):
            Comer(server.tcp).close()
        wait_until(lambda: closed(server, "peer_closed", line(HERE)) >= 5)
        assert closed(server, "proxy_header", line(HERE)) == 0


# ---- rules

def test_rules_for_networks_at_the_door():
    with guarded("access=deny 127.0.0.7", "access=allow 127.0.0.0/24") as server:
        assert ask(server.port, source="127.0.0.8").body == b"127.0.0.8\n"
        for source in ("127.0.0.7", "127.0.1.8"):
            for port in (server.port, server.tcp):
                with Comer(port, source, request("GET", "/")) as client:
                    assert client.refused()
        assert closed(server, "denied") == 4


def test_rules_are_asked_about_the_peer_behind_the_proxy():
    with guarded(f"proxy={HERE}", "access=allow 192.0.2.0/24", f"access=allow {HERE}") as server:
        assert ask(server.port, header=line("192.0.2.9")).status == 200
        with Comer(server.port, header=line("198.51.100.1") + request("GET", "/")) as client:
            assert client.refused()
        assert closed(server, "denied", line("192.0.2.9")) == 1


def test_rules_for_paths():
    with guarded() as server:
        assert ask(server.port, "/inside").body == b"inside\n"
        assert ask(server.port, "/files/etc/hosts").status == 403
        assert ask(server.port, "/files").status == 403
    with guarded(f"proxy={HERE}") as server:
        with Comer(server.port, header=line("192.0.2.1")) as client:
            assert client.get("/inside").status == 403
            assert client.get("/").status == 200


def test_what_is_wrong_is_an_error_of_run():
    for word, text in (("access=allow 10.0.0.1/8", "there are bits behind the prefix; is it 10.0.0.0/8?"),
                       ("access=10.0.0.0/8", "write allow or deny and a network"),
                       ("proxy=proxies", 'bad network "proxies"'),
                       ("proxy-time=0", "proxy_time_ms must be at least 1")):
        with guarded(word, wait=False, code=100) as server:
            server.process.wait(10)
            assert f"http {HERE}:{server.port}: " in server.stderr() and text in server.stderr()
    with guarded("connections=1", "except=10.0.0.300", wait=False, code=100) as server:
        server.process.wait(10)
        assert 'per_address: bad network "10.0.0.300"' in server.stderr()


# ---- limits of addresses

def fill(server, source, count, header=b""):
    """So many connections to the raw service; one more is refused."""
    clients = []
    for _ in range(count):
        clients.append(Comer(server.tcp, source, header))
        assert clients[-1].greeted(), f"{source} gets {len(clients) - 1} connections, not {count}"
    with Comer(server.tcp, source, header) as beyond:
        assert beyond.refused(), f"{source} gets more than {count} connections"
    return clients


def close_all(clients):
    for client in clients:
        client.close()


def opened(server, header=b""):
    """How many connections are open, beside the one that asks."""
    now = status(server, header)
    return sum(row["connections"] for row in now.get("gate", now["workers"])) - 1


def test_connections_of_an_address_over_all_workers():
    with guarded("connections=5") as server:
        first = fill(server, "127.0.0.2", 5)
        second = fill(server, "127.0.0.3", 5)
        with Comer(server.port, "127.0.0.2", request("GET", "/")) as client:
            assert client.refused()
        close_all(first)
        wait_until(lambda: opened(server) == 5)
        close_all(second + fill(server, "127.0.0.2", 5))
        assert closed(server, "too_many") == 4


def test_an_exception_has_no_limits():
    with guarded("connections=1", "requests=1", f"except={HERE}/32") as server:
        clients = [Comer(server.tcp) for _ in range(10)]
        assert all(client.greeted() for client in clients)
        assert all(ask(server.port).status == 200 for _ in range(10))
        close_all(clients)


@timeout(120)
def test_the_killed_leave_no_connections_behind():
    with guarded("connections=3") as server:
        for round_ in range(6):
            sources = [f"127.0.{round_}.{i}" for i in range(2, 22)]
            clients = [client for source in sources for client in fill(server, source, 3)]
            victim = random.choice(server.owners())
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: len(server.owners()) and victim not in server.owners())
            close_all(clients)
            wait_until(lambda: _try_status(server), what="the service to answer")
            wait_until(lambda: opened(server) == 0, what="all connections to end")
            for source in sources[:5]:
                close_all(fill(server, source, 3))
            wait_until(lambda: opened(server) == 0, what="all connections to end")
        assert status(server)["addresses_unknown"] == 0


@timeout(120)
def test_a_storm_of_kills_while_many_come_and_go():
    with guarded("connections=2", "proxy=127.0.0.0/8") as server:
        over = threading.Event()

        def come_and_go(seed):
            chance = random.Random(seed)
            while not over.is_set():
                with contextlib.suppress(OSError, EOFError):
                    header = line(f"192.0.2.{chance.randrange(1, 9)}")[:chance.choice((9, 99, 99))]
                    with Comer(server.tcp, header=header) as client:
                        if len(header) > 9:
                            client.greeted()

        threads = [threading.Thread(target=come_and_go, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(12):
            victim = wait_until(lambda: random.choice(server.owners() or [0]))
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: victim not in server.owners())
        over.set()
        for thread in threads:
            thread.join()
        wait_until(lambda: _try_status(server, line(HERE)), what="the service to answer")
        wait_until(lambda: opened(server, line(HERE)) == 0, what="all connections to end")
        for last in range(1, 9):
            close_all(fill(server, HERE, 2, line(f"192.0.2.{last}")))


def _try_status(server, header=b""):
    with contextlib.suppress(OSError, EOFError):
        return status(server, header)
    return None


@timeout(120)
def test_many_addresses():
    with guarded("connections=1") as server:
        clients = []
        for i in range(600):
            clients.append(Comer(server.tcp, f"127.1.{i // 200}.{i % 200 + 1}"))
        assert all(client.greeted() for client in clients)
        for i in range(0, 600, 7):
            with Comer(server.tcp, f"127.1.{i // 200}.{i % 200 + 1}") as beyond:
                assert beyond.refused()
        close_all(clients)


def test_requests_of_an_address():
    with guarded("requests=1", "burst=4", f"except={HERE}") as server:
        with Comer(server.port, "127.0.0.2") as client:
            answers = [client.get("/") for _ in range(8)]
        assert [answer.status for answer in answers[:4]] == [200] * 4
        late = [answer for answer in answers if answer.status != 200]
        assert late and all(answer.status == 429 for answer in late)
        assert all(1 <= int(answer.field("retry-after")) <= 2 for answer in late)
        assert ask(server.port, source="127.0.0.3").status == 200
        with Comer(server.tcp, "127.0.0.2") as stream:
            assert stream.refused()
        with Comer(server.port, "127.0.0.2") as client:
            client.send(request("GET", "/ws", upgrade="websocket", connection="Upgrade",
                                sec_websocket_version=13, sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ=="))
            assert client.response().status == 429
        now = status(server)
        assert now["requests_limited"] == len(late) + 2 and now["closed"]["too_many"] == 1


def test_requests_are_limited_behind_a_proxy_too():
    with guarded("requests=1", "burst=2", f"proxy={HERE}") as server:
        for peer in ("192.0.2.1", "192.0.2.2"):
            assert [ask(server.port, header=line(peer)).status for _ in range(3)] == [200, 200, 429]
        # Those of one /64 network are one.
        peers = ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")
        assert [ask(server.port, header=block(peer)).status for peer in peers] == [200, 200, 429, 200]


def test_a_body_over_the_limit_is_not_waited_for():
    with guarded("requests=1", "burst=1") as server:
        assert ask(server.port, source="127.0.0.2").status == 200
        with Comer(server.port, "127.0.0.2") as client:
            client.send(request("POST", "/", content_length=100_000))
            answer = client.response()
            assert answer.status == 429 and answer.field("connection") == "close"
            client.end()
            assert client.refused()
