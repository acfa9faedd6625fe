"""HTTP as clients that are not ours speak it: curl, nginx as a proxy before oklo, busybox wget."""

import contextlib
import json
import os
import socket
import subprocess

from harness import EXAMPLES, Client, Oklo, files, get, http, needs, request, run_oklo, wait_until
from nginx_front import passing

TESTEE = os.path.join(EXAMPLES, "testee")


class Transfer:
    """What curl tells of one transfer: `code` of HTTP, `connects` it had to make, `fields`, `info`."""

    def __init__(self, text):
        info, fields = text.split("\x1f")
        self.info = json.loads(info)
        self.code, self.connects = self.info["http_code"], self.info["num_connects"]
        self.fields = {name: ", ".join(values) for name, values in json.loads(fields or "{}").items()}


class Curl:
    """curl, run to its end: its exit code, the bodies it got, and a Transfer for each."""

    def __init__(self, *args, body=None):
        done = subprocess.run(["curl", "-s", "--max-time", "30",
                               "-w", "%{stderr}\x1e%{json}\x1f%{header_json}", *map(str, args)],
                              input=body, capture_output=True, timeout=40,
                              stdin=None if body is not None else subprocess.DEVNULL)
        self.exit, self.body = done.returncode, done.stdout
        self.transfers = [Transfer(text) for text in done.stderr.decode().split("\x1e")[1:]]

    @property
    def code(self):
        return self.transfers[-1].code

    @property
    def fields(self):
        return self.transfers[-1].fields


def testee(*args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=TESTEE, **options)


def url(server, path="/"):
    return f"http://127.0.0.1:{server.port}{path}"


def has_ipv6():
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


# ---- curl

@needs("curl")
def test_curl_keeps_its_connection():
    with testee() as server:
        many = Curl(*[url(server)] * 20)
        assert [transfer.connects for transfer in many.transfers] == [1] + [0] * 19
        assert many.body == b"OK" * 20
        closing = Curl("-H", "Connection: close", *[url(server)] * 3)
        assert [transfer.connects for transfer in closing.transfers] == [1, 1, 1]
        assert closing.fields["connection"] == "close"
        errors = Curl(url(server, "/missing"), url(server), url(server, "/missing"))
        assert [transfer.code for transfer in errors.transfers] == [404, 200, 404]
        assert [transfer.connects for transfer in errors.transfers] == [1, 0, 0]


@needs("curl")
def test_curl_head_has_the_fields_of_get_and_no_body():
    with testee("{root}", root={"a.txt": b"12345"}) as server:
        got, head = Curl(url(server, "/a.txt")), Curl("-I", url(server, "/a.txt"))
        different = ["date"]
        for name in set(got.fields) | set(head.fields):
            assert name in different or got.fields[name] == head.fields[name], name
        assert head.fields["content-length"] == "5" and head.transfers[0].info["size_download"] == 0
        assert got.body == b"12345"


@needs("curl")
def test_curl_posts_bodies_of_any_size_up_to_the_limit():
    with testee() as server:
        for size in 0, 1, 1024, 16384, 65537, 1 << 20:
            body = os.urandom(size)
            for coding in [], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], [
                    "-H", "Expect:"], ["--http1.0"]:
                echo = Curl("--data-binary", "@-", *coding, url(server), body=body)
                assert (echo.exit, echo.code, echo.body == body) == (0, 200, True), (size, coding)


@needs("curl")
def test_curl_hears_413_for_a_body_over_the_limit():
    with testee() as server:
        for size in (1 << 20) + 1, 8 << 20:
            for coding in [], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect:"]:
                refused = Curl("--data-binary", "@-", *coding, url(server), url(server), body=bytes(size))
                assert refused.transfers[0].code == 413, (size, coding, refused.exit)
                assert refused.transfers[0].fields["connection"] == "close"
        assert Curl(url(server)).code == 200


@needs("curl")
def test_curl_uploads_from_a_pipe_in_chunks():
    with files({}) as directory:
        os.chmod(directory, 0o777)
        with Oklo("127.0.0.1:{port}", directory, program=os.path.join(EXAMPLES, "upload")) as server:
            body = os.urandom(5 << 20)
            assert Curl("-T", "-", url(server, "/big"), body=body).code == 201
            with open(os.path.join(directory, "big"), "rb") as file:
                assert file.read() == body
            assert os.listdir(directory) == ["big"]


@needs("curl")
def test_curl_waits_for_100_continue():
    with testee() as server:
        posted = ["-H", "Expect: 100-continue", "--expect100-timeout", "60", "--data-binary", "@-"]
        assert Curl(*posted, url(server), body=b"x" * 3000).body == b"x" * 3000
        # Where the answer is known without the body, nobody has to send it.
        assert Curl(*posted, url(server, "/missing"), body=b"x" * 3000).code == 404
        assert Curl(*posted, url(server), body=bytes((1 << 20) + 1)).code == 413


@needs("curl")
def test_curl_speaks_http_1_0():
    with testee("{root}", root={"a.txt": b"12345"}) as server:
        old = Curl("--http1.0", *[url(server, "/a.txt")] * 2)
        assert old.body == b"12345" * 2 and [transfer.connects for transfer in old.transfers] == [1, 1]
        kept = Curl("--http1.0", "-H", "Connection: keep-alive", *[url(server, "/a.txt")] * 2)
        assert kept.fields["connection"] == "keep-alive"
        unknown = Curl("--http1.0", url(server, "/cgi-bin/echo?nolen"))
        assert b"PROTO=HTTP/1.0\n" in unknown.body and "transfer-encoding" not in unknown.fields
        chunked = Curl(url(server, "/cgi-bin/echo?nolen"))
        assert b"PROTO=HTTP/1.1\n" in chunked.body and chunked.fields["transfer-encoding"] == "chunked"


@needs("curl")
def test_curl_over_a_unix_socket_and_ipv6():
    with files({"www/index.html": b"hello"}) as place:
        path = os.path.join(place, "socket")
        with Oklo("unix:" + path, os.path.join(place, "www"), program=TESTEE, wait=False) as server:
            wait_until(lambda: os.path.exists(path), what="the socket")
            local = Curl("--unix-socket", path, "http://localhost/", "http://localhost/cgi-bin/echo?env")
            assert local.body.startswith(b"hello") and b"RA=unix\n" in local.body
            assert [transfer.connects for transfer in local.transfers] == [1, 0]
            assert server.stop() == 0 and not os.path.exists(path)
        for address, host, peer in ("[::1]:{port}", "[::1]", "::1"), (":{port}", "[::1]", "::1"), (
                ":{port}", "127.0.0.1", "127.0.0.1"), ("*:{port}", "127.0.0.1", "127.0.0.1"):
            if host == "[::1]" and not has_ipv6():
                continue
            with Oklo(address, os.path.join(place, "www"), program=TESTEE) as server:
                answer = Curl("-g", f"http://{host}:{server.port}/cgi-bin/echo?env")
                assert f"RA={peer}\n".encode() in answer.body, (address, answer.body)


@needs("curl")
def test_curl_gets_past_no_root():
    with files({"www/a.txt": b"inside", "secret": b"secret"}) as place:
        os.symlink("../secret", os.path.join(place, "www/link"))
        with testee(os.path.join(place, "www")) as server:
            for path in "/../secret", "/a/../../secret", "/%2e%2e/secret", "/..%2fsecret", "/link", \
                    "/%2e%2e%2f%2e%2e%2fetc/passwd", "//etc/passwd", "/..\\secret", "/.%00./secret":
                answer = Curl("--path-as-is", url(server, path))
                assert answer.code in (400, 404) and b"secret" not in answer.body, (path, answer.code)
            assert Curl("--path-as-is", url(server, "/x/../a.txt")).body == b"inside"
            target = Curl("--request-target", "http://other/a.txt?x", url(server))
            assert target.body == b"inside"


# ---- what is no HTTP

def test_what_is_no_http_gets_400_and_the_end():
    hello = bytes.fromhex("16030100c8010000c40303") + os.urandom(190)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    with testee() as server:
        for garbage in hello, b"\x16\x03\x01\x01", preface, b"\r\n\r\n\r\nhello\r\n\r\n", bytes(20000), \
                b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", \
                b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n":
            with Client(server.port) as client:
                client.send(garbage)
                answer = client.response()
                assert 400 <= answer.status <= 505 and answer.field("connection") == "close", garbage[:20]
                assert client.closed()
        assert get(server.port).body == b"OK"


def test_a_pipeline_is_answered_in_order():
    with testee() as server:
        bodies = [os.urandom(size) for size in (0, 1, 5000, 20000, 3)]
        raw = b"".join(request("POST", "/", body) + request("GET", "/missing") for body in bodies)
        answers = http(server.port, raw, count=10)
        assert [answer.body for answer in answers[::2]] == bodies
        assert [answer.status for answer in answers[1::2]] == [404] * 5


# ---- nginx in front

@needs("nginx", "curl")
def test_nginx_keeps_its_connections_to_oklo():
    with files({"www/index.html": b"hello", "www/page": bytes(range(256)) * 1000}) as place:
        control = os.path.join(place, "control")
        with Oklo("serve", "127.0.0.1:{port}", os.path.join(place, "www"), "--workers", 1, "--control",
                  control) as oklo, passing(oklo.port, place) as proxy:
            many = Curl(*[url(proxy)] * 50)
            assert many.body == b"hello" * 50
            page = bytes(range(256)) * 1000
            assert Curl(url(proxy, "/page")).body == page
            part = Curl("-r", "1000-1999", url(proxy, "/page"))
            assert (part.code, part.body) == (206, page[1000:2000])
            parts = Curl("-r", "0-9,-10", url(proxy, "/page"))
            assert parts.code == 206 and parts.body.count(b"Content-Range: bytes ") == 2
            tag = Curl("-I", url(proxy, "/page")).fields["etag"]
            assert Curl("-H", f"If-None-Match: {tag}", url(proxy, "/page")).code == 304
            status = json.loads(run_oklo("status", "--json", "--control", control).stdout)
            assert status["accepted"] == 1 and status["requests"] > 50


@needs("nginx", "curl")
def test_nginx_passes_bodies_of_any_size_on():
    with files({}) as place, testee() as server, passing(server.port, place) as proxy:
        for size in 1, 1 << 20:
            body = os.urandom(size)
            for coding in [], ["-H", "Transfer-Encoding: chunked"]:
                assert Curl("--data-binary", "@-", *coding, url(proxy), body=body).body == body
        refused = Curl("--data-binary", "@-", url(proxy), body=bytes(3 << 20))
        assert refused.code == 413
        assert Curl(url(proxy)).body == b"OK"
        assert Curl("--http1.0", url(proxy)).body == b"OK"


# ---- busybox

@needs("busybox")
def test_busybox_wget():
    with testee("{root}", root={"a.txt": b"12345" * 10000}) as server:
        def wget(*args):
            command = ["busybox", "wget", "-q", "-O", "-", *args]
            return subprocess.run(command, capture_output=True, timeout=20)
        assert wget(url(server, "/a.txt")).stdout == b"12345" * 10000
        assert b"BODY=[a=b]\n" in wget("--post-data", "a=b", url(server, "/cgi-bin/echo")).stdout
        assert wget(url(server, "/missing")).returncode != 0
