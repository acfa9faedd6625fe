"""The example programs, driven from outside."""

import json
import os
import socket
import struct

from harness import EXAMPLES, Client, Oklo, files, get, http, listening, request, title, wait_until


def example(name, *args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name), **options)


def reset(client):
    """Ends a connection with RST."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


# ---- hello

def test_hello_answers_with_the_path_the_query_and_json():
    with example("hello") as hello:
        assert get(hello.port, "/hello/ada%20l").body == b"hello, ada l\n"
        answer = get(hello.port, "/sum?x&a=1&ab=7&b=-3&a")
        assert json.loads(answer.body) == {"sum": -2}
        assert answer.field("content-type") == "application/json"
        assert answer.field("cache-control") == "no-store"
        assert json.loads(get(hello.port, "/sum").body) == {"sum": 0}
        assert json.loads(get(hello.port, "/sum?a=2147483647&b=2147483647").body) == {"sum": 4294967294}
        moved = get(hello.port, "/")
        assert (moved.status, moved.field("location"), moved.body) == (302, "/hello/world", b"")


def test_the_processes_of_a_program_bear_titles():
    with example("hello") as hello:
        assert title(hello.pid) == "oklo: master"
        assert hello.workers()


def test_hello_reads_a_body():
    with example("hello") as hello:
        made = http(hello.port, request("POST", "/words", b"one two three"))[0]
        assert (made.status, made.body) == (201, b"3 words\n")
        assert http(hello.port, request("POST", "/words", b""))[0].status == 400
        assert http(hello.port, request("POST", "/words", b"x" * (1 << 20)))[0].status == 201
        too_large = request("POST", "/words", content_length=(1 << 20) + 1)
        assert http(hello.port, too_large)[0].status == 413


def test_hello_refuses_what_it_does_not_have():
    with example("hello") as hello:
        assert get(hello.port, "/hello").status == 404
        assert get(hello.port, "/hello/a/b").status == 404
        wrong = get(hello.port, "/words")
        assert wrong.status == 405 and wrong.field("allow") == "POST, OPTIONS"
        assert get(hello.port, "/hello/x", method="OPTIONS").field("allow") == "GET, HEAD, OPTIONS"
        split = get(hello.port, "/hello/a%0d%0aSet-Cookie:%20x")
        assert split.field("set-cookie") is None and split.body == b"hello, a\r\nSet-Cookie: x\n"


# ---- upload

def uploads(directory):
    """The example with a directory that its workers can write to, whoever they are."""
    os.chmod(directory, 0o777)
    return example("upload", directory)


def begin_upload(port, directory, name="a", size=1000):
    """A client that has sent the first bytes of 2000, which are in the directory."""
    client = Client(port)
    client.send(request("PUT", "/" + name, content_length=2000) + b"x" * size)
    wait_until(lambda: [part for part in os.listdir(directory)
                        if os.path.getsize(os.path.join(directory, part)) == size], what="the first bytes")
    return client


def content(directory, name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def test_upload_keeps_what_comes_whole():
    big = os.urandom(3 << 20)
    with files({}) as directory, uploads(directory) as upload:
        made = http(upload.port, request("PUT", "/big", big))[0]
        assert (made.status, made.body) == (201, b"kept big\n")
        assert http(upload.port, request("POST", "/empty", b""))[0].status == 201
        chunks = b"5\r\nfirst\r\n7;x=y\r\n second\r\n0\r\nAge: 1\r\n\r\n"
        chunked = request("PUT", "/chunks", transfer_encoding="chunked") + chunks
        assert http(upload.port, chunked * 2, count=2)[1].status == 201
        assert sorted(os.listdir(directory)) == ["big", "chunks", "empty"]
        assert content(directory, "big") == big and content(directory, "chunks") == b"first second"
        assert content(directory, "empty") == b""


def test_upload_asks_for_the_body_when_the_client_waits():
    with files({}) as directory, uploads(directory) as upload, Client(upload.port) as client:
        client.send(request("PUT", "/a", content_length=5, expect="100-continue"))
        assert client.response().status == 100
        assert client.send(b"hello").response().status == 201
        assert content(directory, "a") == b"hello"


def test_an_upload_that_breaks_off_leaves_nothing():
    with files({}) as directory, uploads(directory) as upload:
        for leave in Client.close, reset, Client.end:
            client = begin_upload(upload.port, directory)
            leave(client)
            wait_until(lambda: not os.listdir(directory), what="the part to be removed")
            client.close()
        broken = request("PUT", "/a", transfer_encoding="chunked") + b"3\r\nabc\r\nno number\r\n"
        assert http(upload.port, broken)[0].status == 400
        wait_until(lambda: not os.listdir(directory), what="the part to be removed")


def test_an_upload_that_stalls_is_ended():
    with files({}) as directory, uploads(directory) as upload:
        with begin_upload(upload.port, directory, size=100) as stalled:
            assert http(upload.port, request("PUT", "/b", b"other"))[0].status == 201
            answer = stalled.response()
            assert answer.status == 408 and answer.field("connection") == "close"
            assert stalled.closed()
        wait_until(lambda: os.listdir(directory) == ["b"], what="the part to be removed")


def test_an_upload_that_is_too_large_is_refused():
    with files({}) as directory, uploads(directory) as upload:
        limit = 16 << 20
        refused = http(upload.port, request("PUT", "/a", content_length=limit + 1))[0]
        assert refused.status == 413 and refused.field("connection") == "close"
        with Client(upload.port) as client:
            client.send(request("PUT", "/a", transfer_encoding="chunked"))
            for _ in range(16):
                client.send(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
            client.send(b"1\r\nx\r\n")
            assert client.response().status == 413
        wait_until(lambda: not os.listdir(directory), what="the part to be removed")
        exactly = request("PUT", "/a", bytes(limit))
        assert http(upload.port, exactly)[0].status == 201


def test_upload_keeps_to_its_directory():
    with files({}) as directory, uploads(directory) as upload:
        for name in "/.hidden", "/..%2Fup", "/a%2Fb", "/..":
            assert http(upload.port, request("PUT", name, b"x"))[0].status in (403, 404), name
            refused = request("PUT", name, content_length=5, expect="100-continue")
            assert http(upload.port, refused)[0].status in (403, 404), name
        wrong = get(upload.port, "/a")
        assert wrong.status == 405 and wrong.field("allow") == "POST, PUT, OPTIONS"
        assert os.listdir(directory) == []


def test_a_stop_waits_for_an_upload_and_an_upload_for_no_other():
    with files({}) as directory, uploads(directory) as upload:
        with begin_upload(upload.port, directory, "same") as first:
            assert http(upload.port, request("PUT", "/same", b"second"))[0].status == 201
            upload.kill(15)
            wait_until(lambda: not listening(upload.port), what="the listeners to be closed")
            answer = first.send(b"y" * 1000).response()
            assert answer.status == 201 and answer.field("connection") == "close"
        assert upload.process.wait(10) == 0
        assert content(directory, "same") == b"x" * 1000 + b"y" * 1000


# ---- stream

def squares(last):
    return b"".join(b"%d %d\n" % (i, i * i) for i in range(last + 1))


def checksum(data):
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xffffffff
    return str(value)


def test_stream_ends_with_a_trailer():
    with example("stream") as stream, Client(stream.port) as client:
        for last in 0, 1, 3, 20000:
            answer = client.get(f"/squares/{last}")
            assert answer.field("transfer-encoding") == "chunked"
            assert answer.field("content-length") is None and answer.field("trailer") == "Checksum"
            assert answer.body == squares(last)
            assert answer.field("checksum") == checksum(answer.body)


def test_stream_sends_a_long_answer_to_a_slow_reader_while_others_are_served():
    with example("stream") as stream, Client(stream.port) as slow:
        slow.send(request("GET", "/squares/300000"))
        first = slow.read(1)
        assert get(stream.port, "/squares/1").body == b"0 0\n1 1\n"
        slow.buffer = first + slow.buffer
        assert slow.response().body == squares(300000)


def test_stream_ends_an_old_answer_with_the_connection():
    with example("stream") as stream, Client(stream.port) as client:
        client.send(b"GET /squares/20000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = client.response()
        assert answer.field("transfer-encoding") is None and answer.field("connection") == "close"
        assert answer.body == squares(20000) and client.closed()
        head = get(stream.port, "/squares/3", method="HEAD")
        assert head.status == 200 and head.field("transfer-encoding") == "chunked"


def test_stream_cuts_what_is_too_much_to_wait_for():
    with example("stream") as stream:
        with Client(stream.port) as client:
            client.send(request("GET", "/squares/3000000"))
            try:
                assert not client.response(), "the answer is complete"
            except (EOFError, ConnectionError):
                pass
        assert get(stream.port, "/squares/1").body == b"0 0\n1 1\n"


# ---- files

TREE = {"a.txt": b"plain", "docs/README.html": b"<p>docs", "x&y/<z>.txt": b"z"}


def test_files_lists_and_serves():
    with example("files", "{root}", root=TREE) as server:
        listing = get(server.port, "/").body.decode()
        assert "a.txt" in listing and "docs/" in listing and "x&amp;y/" in listing
        assert "&lt;z&gt;.txt" in get(server.port, "/x&y/").body.decode()
        assert get(server.port, "/docs/").body == b"<p>docs"
        assert get(server.port, "/docs").field("location") == "/docs/"
        assert get(server.port, "/a.txt").body == b"plain"
        assert get(server.port, "/whoami", user_agent="me").body == b"127.0.0.1 with me\n"
        status = json.loads(get(server.port, "/status.json").body)
        assert status["pid"] == server.pid and len(status["workers"]) == 1
        server.wait_for_stderr(r'127\.0\.0\.1 - - \[.*\] "GET /a\.txt HTTP/1\.1" 200 5\n')


def test_files_keeps_to_its_limits():
    with example("files", "{root}", root=TREE) as server:
        assert get(server.port, "/a.txt", x="y" * 1500).status == 200
        assert get(server.port, "/a.txt", x="y" * 2100).status == 431
        with Client(server.port) as client:
            for _ in range(99):
                assert client.get("/a.txt").field("connection") is None
            assert client.get("/a.txt").field("connection") == "close"
            assert client.closed()
        with Client(server.port) as slow:
            slow.send(b"GET / HTTP/1.1\r\n")
            assert slow.response().status == 408 and slow.closed()


def test_examples_say_what_is_wrong():
    for name in "hello", "stream", "files":
        with Oklo("nowhere", program=os.path.join(EXAMPLES, name), wait=False, code=100) as program:
            assert program.process.wait(10) == 100
            assert program.stderr().startswith('oklo: bad address "nowhere"')
            assert program.stderr().count("\n") == 1
    with example("files", "./missing", wait=False, code=100) as program:
        assert program.process.wait(10) == 100
        assert "cannot open the directory ./missing" in program.stderr()
