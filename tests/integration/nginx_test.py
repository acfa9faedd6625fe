"""The tutorials' nginx in front of oklo, as oklo.conf(5) configures it: requests, bodies, faults, TLS."""

import os
import re
import signal
import ssl
import subprocess
import zlib

from examples_test import squares
from harness import Client, files, get, http, mode, needs, request, state, timeout, wait_until
from load import Load
from nginx_front import PAGE, documented, front, in_location, program
from ports import connect
from ws_client import TEXT, frame

UNBUFFERED_BODY = in_location("proxy_request_buffering off;")
UNBUFFERED_ANSWER = in_location("proxy_buffering off;")


def peak_kb(server):
    """The most memory that the workers have ever had."""
    total = 0
    for pid in server.workers():
        with open(f"/proc/{pid}/status") as file:
            total += int(re.search(r"^VmHWM:\s+(\d+)", file.read(), re.M)[1])
    return total


def grew_little(server, before):
    """Whether their memory is as it was; a sanitizer keeps what was freed."""
    return bool(os.environ.get("SAN")) or peak_kb(server) < before + 1000


def ask_from(address, port, raw):
    """The body of an answer to who asks from that address."""
    with connect(("127.0.0.1", port), source=address) as client:
        client.sendall(raw)
        with client.makefile("rb") as stream:
            return stream.read().partition(b"\r\n\r\n")[2]


# ---- requests

@needs("nginx")
def test_nginx_has_the_files_and_oklo_all_else():
    with front() as site:
        assert get(site.port, "/static/page.html").body == PAGE
        assert get(site.port, "/static/none").status == 404
        assert site.status()["accepted"] == 0
        assert get(site.port, "/client?a=1", host="a.example:81").body == \
            b"127.0.0.1 asks http://a.example:81/client?a=1\n"
        assert http(site.port, request("POST", "/size", b"x" * 5000))[0].body == b"5000\n"
        head = get(site.port, "/client", method="HEAD")
        assert (head.status, head.body) == (200, b"")
        assert int(head.field("content-length")) == len(get(site.port, "/client").body)
        old = http(site.port, b"GET /client HTTP/1.0\r\nHost: old\r\n\r\n")[0]
        assert (old.status, old.body) == (200, b"127.0.0.1 asks http://old/client\n")


@needs("nginx")
def test_oklo_hears_who_asks_and_nobody_can_pretend():
    pretend = request("GET", "/client", connection="close", x_forwarded_for="6.6.6.6")
    with front() as site:
        assert ask_from("127.0.0.7", site.port, pretend) == b"127.0.0.7 asks http://localhost/client\n"
        assert ask_from("127.0.0.7", site.server.port, pretend).startswith(b"127.0.0.7 asks ")


@needs("nginx")
def test_connections_to_oklo_are_kept():
    with front() as site:
        for _ in range(25):
            assert get(site.port, "/client").status == 200
            assert http(site.port, request("POST", "/size", b"x"))[0].status == 200
            assert get(site.port, "/nothing").status == 404
            assert get(site.port, "/client", method="HEAD").status == 200
        status = site.status()
        assert (status["accepted"], status["requests"]) == (1, 100)


@needs("nginx")
def test_nginx_is_the_one_that_closes_idle_connections():
    with front(changes=[("keepalive_timeout 20s", "keepalive_timeout 1s")]) as site:
        assert get(site.port, "/client").status == 200
        site.wait_for_connections(0)
        assert site.status()["closed"]["idle_timeout"] == 0
        assert get(site.port, "/client").status == 200


@needs("nginx")
def test_errors_and_redirections_pass():
    with front() as site:
        for target, status in ("/broken", 500), ("/nothing", 404), ("/ws", 426):
            assert get(site.port, target).status == status
        wrong = get(site.port, "/sum")
        assert (wrong.status, wrong.field("allow")) == (405, "POST, PUT, OPTIONS")
    with front("hello") as site:
        moved = get(site.port, "/")
        assert (moved.status, moved.field("location")) == (302, "/hello/world")


@needs("nginx")
def test_no_other_protocol_is_asked_for():
    with front("testee") as site, Client(site.port) as client:
        client.send(request("GET", "/echo", upgrade="h2c", connection="Upgrade, HTTP2-Settings"))
        fields = client.response().body.lower()
        assert b"host: localhost\n" in fields and b"connection:" not in fields


# ---- bodies

def chunked(body, size=1 << 20):
    pieces = (body[at:at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def a_hundred_megabytes_go_up(*changes):
    body = os.urandom(1 << 20) * 100
    wanted = f"{len(body)} {zlib.adler32(body)}\n".encode()
    with front("behind", "workers=1", changes=changes) as site:
        small = request("POST", "/sum", b"x" * 100_000)
        assert http(site.port, small)[0].status == 200
        before = peak_kb(site.server)
        assert http(site.port, request("POST", "/sum", body), timeout=60)[0].body == wanted
        raw = request("POST", "/sum", transfer_encoding="chunked") + chunked(body)
        assert http(site.port, raw, timeout=60)[0].body == wanted
        assert grew_little(site.server, before)


@needs("nginx")
@timeout(120)
def test_a_hundred_megabytes_go_up():
    a_hundred_megabytes_go_up()


@needs("nginx")
@timeout(120)
def test_a_hundred_megabytes_go_up_as_they_come():
    a_hundred_megabytes_go_up(UNBUFFERED_BODY)


@needs("nginx")
def test_a_body_reaches_oklo_whole_or_as_it_comes():
    half = request("POST", "/sum", content_length=400_000) + b"x" * 200_000
    with front() as site, Client(site.port) as client:
        client.send(half)
        with Client(site.port) as other:
            other.send(half)
        assert get(site.port, "/client").status == 200
        assert site.status()["accepted"] == 1
        assert client.send(b"x" * 200_000).response().body.startswith(b"400000 ")
    with front(changes=[UNBUFFERED_BODY]) as site, Client(site.port) as client:
        client.send(half)
        site.wait_for_connections(1)
        with Client(site.port) as other:
            other.send(half)
            site.wait_for_connections(2)
        site.wait_for_connections(1)
        assert client.send(b"x" * 200_000).response().body.startswith(b"400000 ")


@needs("nginx")
def test_what_is_too_large_is_refused_by_nginx_or_by_oklo():
    for changes in [], [UNBUFFERED_BODY]:
        with front(changes=changes) as site:
            assert http(site.port, request("POST", "/sum", content_length=201 << 20))[0].status == 413
            assert site.status()["accepted"] == 0
            for _ in range(10):
                refused = http(site.port, request("POST", "/size", bytes(3 << 20)))[0]
                assert refused.status == 413 and b"nginx" not in refused.body
            assert http(site.port, request("POST", "/size", bytes(1 << 20)))[0].status == 200


def rest_of(client):
    """How many bytes of a body still come, and their sum; for those that are too long to be kept."""
    client.read_until(b"\r\n\r\n")
    piece, size, total = client.buffer, 0, 1
    while piece:
        size, total = size + len(piece), zlib.adler32(piece, total)
        piece = b"" if size >= 100 << 20 else client.socket.recv(1 << 20)
    return size, total


@needs("nginx")
@timeout(120)
def test_a_hundred_megabytes_go_down_to_a_slow_client_that_nginx_feeds():
    big = os.urandom(1 << 20) * 100
    with front("files", "{root}", root={"big": big}) as site, Client(site.port) as client:
        assert get(site.port, "/whoami").status == 200
        before = peak_kb(site.server)
        client.send(request("GET", "/big"))
        # The client has read nothing, and oklo is done.
        site.server.wait_for_stderr(rf'"GET /big HTTP/1\.1" 200 {len(big)}\n')
        assert rest_of(client) == (len(big), zlib.adler32(big))
        assert grew_little(site.server, before)


@needs("nginx")
@timeout(120)
def test_without_buffers_a_client_holds_its_connection_to_oklo():
    big = os.urandom(1 << 20) * 100
    with front("files", "{root}", root={"big": big}, changes=[UNBUFFERED_ANSWER]) as site:
        assert get(site.port, "/whoami").status == 200
        before = peak_kb(site.server)
        with Client(site.port) as client:
            client.send(request("GET", "/big"))
            assert rest_of(client) == (len(big), zlib.adler32(big))
        with Client(site.port) as client:
            client.send(request("GET", "/big"))
            wait_until(lambda: site.status()["closed"]["write_stalled"] == 1, what="oklo to give it up")
            assert rest_of(client)[0] < len(big)
        assert grew_little(site.server, before)


@needs("nginx")
def test_an_answer_of_unknown_length_passes():
    for changes in [], [UNBUFFERED_ANSWER]:
        with front("stream", changes=changes) as site, Client(site.port) as client:
            for last in 0, 3, 300_000, 1:
                answer = client.get(f"/squares/{last}")
                assert answer.field("transfer-encoding") == "chunked" and answer.body == squares(last)
                assert answer.field("checksum") is None
            assert site.status()["accepted"] == 1


# ---- oklo comes and goes

class Askers(Load):
    """Clients that ask without an end, each on a connection that it keeps; `statuses` counts the answers."""

    def __init__(self, port, *raw, clients=8):
        super().__init__(*[self._run] * clients)
        self.port, self.raw, self.statuses, self.errors = port, raw, {}, []

    def count(self):
        return sum(self.statuses.values())

    def wait_for(self, more):
        wanted = self.count() + more
        wait_until(lambda: self.count() >= wanted, 30, f"{more} answers")

    def _run(self):
        try:
            while self.running:
                with Client(self.port) as client:
                    for raw in self.raw * 200:
                        status = client.send(raw).response().status
                        self.statuses[status] = self.statuses.get(status, 0) + 1
                        if not self.running:
                            return
        except OSError as error:
            self.errors.append(error)


GET = request("GET", "/client")
POST = request("POST", "/size", b"x" * 1000)


@needs("nginx")
def test_a_stop_is_502_and_a_start_is_heard_of_at_once():
    with front() as site:
        assert get(site.port, "/client").status == 200
        assert site.server.stop() == 0
        assert get(site.port, "/client").status == 502
        assert http(site.port, POST)[0].status == 502
        assert get(site.port, "/static/page.html").body == PAGE
        with program("behind", place=site.place, port=site.server.port):
            assert get(site.port, "/client").status == 200
            assert http(site.port, POST)[0].status == 200


@needs("nginx")
@timeout(120)
def test_no_request_fails_while_oklo_is_reloaded():
    with front("behind", "workers=4") as site:
        with Askers(site.port, GET, POST) as load:
            generation = 1
            while generation < 20 or load.count() < 2000:
                site.server.kill(signal.SIGUSR1 if generation % 2 else signal.SIGHUP)
                generation += 1
                wait_until(lambda: site.status()["generation"] == generation, what="the reload")
                load.wait_for(50)
        assert not load.errors and set(load.statuses) == {200}, (load.statuses, load.errors)


@needs("nginx")
@timeout(120)
def test_what_fails_while_workers_are_killed():
    for raw, failures_of_a_kill in (GET, 1), (POST, 8):
        with front("behind", "workers=4") as site:
            kills = 0
            with Askers(site.port, raw) as load:
                for _ in range(15):
                    load.wait_for(200)
                    workers = site.server.workers()
                    os.kill(workers[kills % len(workers)], signal.SIGKILL)
                    kills += 1
                    wait_until(lambda: len(site.server.workers()) == 4, what="the next worker")
            failed = load.statuses.pop(502, 0)
            print(f"{kills} kills: {load.statuses[200]} answers, {failed} times 502")
            # A client always has an answer. Of POST what was under way may fail, of GET only what was sent
            # on a connection that was made for it.
            assert not load.errors and set(load.statuses) == {200}, (load.statuses, load.errors)
            assert failed <= kills * failures_of_a_kill


def killed_under_way(site, raw, kept):
    """The answer to a request whose worker is killed when it has it."""
    seen = site.server.stderr().count("slow ")
    if kept:
        assert get(site.port, "/client").status == 200
    with Client(site.port) as client:
        client.send(raw)
        wait_until(lambda: site.server.stderr().count("slow ") > seen, what="oklo to have it")
        victim = site.server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: state(victim) is None, what="the worker to be gone")
        return client.response().status


def check_that_oklo_answers_for_the_dead():
    """Where the gate has the connection nginx gets an answer, and has nothing to send again."""
    with front("behind", "workers=1") as site:
        for raw in (request("GET", "/slow"), request("PUT", "/slow", b"x"),
                    request("POST", "/slow", b"x" * 50_000)):
            assert killed_under_way(site, raw, kept=True) == 502, raw


@needs("nginx")
def test_what_is_sent_again_when_a_worker_dies():
    if mode() == "process":
        return check_that_oklo_answers_for_the_dead()
    get_it, delete = request("GET", "/slow"), request("DELETE", "/slow")
    put, post = request("PUT", "/slow", b"x"), request("POST", "/slow", b"x")
    with front("behind", "workers=1") as site:
        for raw in get_it, put, delete:
            assert killed_under_way(site, raw, kept=True) == 200, raw
        assert killed_under_way(site, post, kept=True) == 502
    for raw in get_it, put, post:
        with front("behind", "workers=1") as site:
            assert killed_under_way(site, raw, kept=False) == 502, raw
    put = request("PUT", "/slow", b"x" * 500_000)
    for changes, status in ([], 200), ([UNBUFFERED_BODY], 502):
        with front("behind", "workers=1", changes=changes) as site:
            assert killed_under_way(site, put, kept=True) == status


@needs("nginx")
def test_what_takes_too_long_is_504_and_done_once():
    with front(changes=[("proxy_read_timeout 75s", "proxy_read_timeout 200ms")]) as site:
        for raw in request("GET", "/slow"), request("POST", "/slow", b"x"):
            assert get(site.port, "/client").status == 200
            assert http(site.port, raw)[0].status == 504
        assert http(site.port, POST)[0].status == 200
        assert site.server.stderr().count("slow ") == 2


# ---- TLS and the unix socket

def upgrade_over(stream):
    """The head of the answer to the request for a WebSocket, with the first frame behind it."""
    stream.sendall(request("GET", "/ws", upgrade="websocket", connection="Upgrade", sec_websocket_version=13,
                           sec_websocket_key="dGhlIHNhbXBsZSBub25jZQ==") + frame(TEXT, b"x" * 100))
    data = b""
    while not data.endswith(b"x" * 100):
        piece = stream.recv(65536)
        assert piece, data
        data += piece
    return data


@needs("nginx", "openssl")
def test_nginx_ends_tls():
    with files({}) as place:
        key, certificate = os.path.join(place, "key"), os.path.join(place, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                        certificate, "-subj", "/CN=example.org", "-addext",
                        "subjectAltName=DNS:example.org"], check=True, capture_output=True)
        plain = documented("NGINX IN FRONT").partition("server {\n")[2].partition("    client_max")[0]
        changes = [("server {\n" + plain, documented("TLS")), ("/etc/ssl/example.org.pem", certificate),
                   ("/etc/ssl/example.org.key", key)]
        context = ssl.create_default_context(cafile=certificate)
        with front(changes=changes) as site:
            with Client(site.port) as client:
                client.socket = context.wrap_socket(client.socket, server_hostname="example.org")
                assert client.get("/client").body == b"127.0.0.1 asks https://localhost/client\n"
                assert client.get("/static/page.html").body == PAGE
                assert client.send(request("POST", "/size", bytes(1 << 20))).response().body == b"1048576\n"
                assert upgrade_over(client.socket).startswith(b"HTTP/1.1 101 ")


@needs("nginx")
def test_nginx_reaches_oklo_by_a_unix_socket():
    upstream = documented("NGINX IN FRONT").partition("\nmap ")[0]
    with front(changes=[(upstream, documented("A unix socket"))], socket=True) as site:
        for _ in range(20):
            assert get(site.port, "/client").body == b"127.0.0.1 asks http://localhost/client\n"
        assert ask_from("127.0.0.7", site.port, request("GET", "/client", connection="close")).startswith(
            b"127.0.0.7 asks ")
        assert http(site.port, POST)[0].body == b"1000\n"
        with Client(site.port) as client:
            assert upgrade_over(client.socket).startswith(b"HTTP/1.1 101 ")
        with Askers(site.port, GET, POST) as load:
            for generation in range(2, 8):
                site.server.kill(signal.SIGUSR1)
                wait_until(lambda: site.status()["generation"] == generation, what="the reload")
                load.wait_for(100)
        assert not load.errors and set(load.statuses) == {200}, (load.statuses, load.errors)
