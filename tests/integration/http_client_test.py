"""The HTTP client: the example fetch, asked by the test and asking a server that the test plays."""

import contextlib
import hashlib
import os
import re
import signal
import socket
import struct
import threading

from harness import EXAMPLES, Client, Oklo, files, free_port, get, http, needs, request, wait_until


def fetch(*args):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, "fetch"))


@contextlib.contextmanager
def playing(*answers):
    """A server that gives these answers, one to each connection; bytes, or a function of the connection.

    Its .asked are the heads (and what followed at once) that it got."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        listener.settimeout(10)
        played = Played(listener.getsockname()[1])

        def play():
            for answer in answers:
                peer, _ = listener.accept()
                peer.settimeout(10)
                with peer:
                    if callable(answer):
                        answer(peer, played)
                        continue
                    played.asked.append(head_of(peer))
                    peer.sendall(answer)
        thread = threading.Thread(target=play)
        thread.start()
        yield played
        thread.join(10)
        assert not thread.is_alive(), "not all answers were asked for"


class Played:
    def __init__(self, port):
        self.port, self.asked = port, []

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"


def head_of(peer):
    """A request with its body: a close with some of it unread would be a reset."""
    data = b""
    while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < body_size(data):
        more = peer.recv(65536)
        assert more, f"the end after {data!r}"
        data += more
    return data


def body_size(head):
    found = re.search(rb"\r\ncontent-length: (\d+)\r\n", head, re.I)
    return int(found[1]) if found else 0


def ask(server, url, target="/"):
    return get(server.port, f"{target}?url={url.replace('?', '%3F').replace('&', '%26')}")


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/x-test\r\n\r\nhello"


def test_the_request_and_the_answer():
    second = b"HTTP/1.1 404 Gone astray\r\nContent-Length: 2\r\n\r\nno"
    first = PLAIN.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
    with fetch() as server, playing(first, second) as other:
        answer = ask(server, other.url("/a/b?c=d"))
        assert (answer.status, answer.body) == (200, b"hello"), answer
        assert answer.field("content-type") == "text/x-test"
        assert other.asked[0] == (b"GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                  b"User-Agent: oklo-fetch\r\n\r\n" % other.port), other.asked
        posted = http(server.port, request("POST", f"/?url={other.url()}", b"x" * 10, connection="close"))[-1]
        assert (posted.status, posted.body) == (404, b"no"), posted
        assert other.asked[1].startswith(b"POST / HTTP/1.1\r\n") and \
            other.asked[1].endswith(b"Content-Length: 10\r\n\r\n" + b"x" * 10), other.asked


def test_bodies_with_chunks_up_to_the_end_and_none():
    chunks = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: r\r\n\r\n")
    with fetch() as server, playing(chunks, b"HTTP/1.0 200 OK\r\n\r\nup to the end",
                                    b"HTTP/1.1 204 None\r\nConnection: close\r\n\r\n",
                                    b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + PLAIN,
                                    ) as other:
        assert ask(server, other.url()).body == b"hello world"
        assert ask(server, other.url()).body == b"up to the end"
        assert ask(server, other.url()).status == 204
        assert ask(server, other.url()).body == b"hello"


def byte_by_byte(data):
    def play(peer, played):
        played.asked.append(head_of(peer))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in data:
            peer.sendall(bytes([byte]))
    return play


def test_byte_by_byte():
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    with fetch() as server, playing(byte_by_byte(PLAIN), byte_by_byte(chunks)) as other:
        assert ask(server, other.url()).body == b"hello"
        assert ask(server, other.url()).body == b"hello"


def test_answers_that_are_none():
    def silent(peer, played):
        head_of(peer)

    def resets(peer, played):
        head_of(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rows = [(b"SSH-2.0-nonsense\r\n", "it is not HTTP/1"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "stands twice"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "closed before all had come"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "bad chunk size"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "larger than body_bytes"),
            (b"HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n", "a protocol nobody asked for"),
            (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000, "larger than 16384 bytes"),
            (silent, "closed before all had come"), (resets, "the connection was reset")]
    with fetch() as server, playing(*(row[0] for row in rows)) as other:
        for _, words in rows:
            answer = ask(server, other.url())
            assert answer.status == 502 and words.encode() in answer.body, (words, answer)
            assert answer.body.startswith(b"no answer from 127.0.0.1:"), answer


def test_urls_that_can_not_be_asked():
    with fetch() as server:
        port = free_port()
        assert b"Connection refused" in ask(server, f"http://127.0.0.1:{port}/").body
        assert b"https is not spoken" in ask(server, "https://127.0.0.1/").body
        assert b"has a label of more than 63" in ask(server, f"http://{'a' * 64}/").body
        assert b"must begin with http://" in ask(server, "").body


def test_a_server_that_is_called_by_a_name():
    """All its addresses are tried, and its connections are kept as those of others are."""
    with files({"hosts": b"127.0.0.99 web\n127.0.0.1 web\n127.0.0.1 other\n"}) as place:
        with fetch(30_000, f"{place}/hosts") as server, playing(keeps(PLAIN, PLAIN), PLAIN) as played:
            for _ in range(2):
                assert ask(server, f"http://web:{played.port}/a").body == b"hello"
            assert ask(server, f"http://other:{played.port}/").body == b"hello"
            assert [b"\r\nHost: web:%d\r\n" % played.port in head for head in played.asked] == \
                [True, True, False], played.asked


def test_a_server_that_is_too_slow():
    def slow(peer, played):
        head_of(peer)
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(100) == b""
    with fetch(200) as server, playing(slow) as other:
        assert b"no head within 200 ms" in ask(server, other.url()).body


def keeps(*answers):
    def play(peer, played):
        for answer in answers:
            played.asked.append(head_of(peer))
            peer.sendall(answer)
    return play


def test_a_connection_is_used_again():
    with fetch() as server, playing(keeps(PLAIN, PLAIN, PLAIN)) as other:
        for _ in range(3):
            assert ask(server, other.url()).body == b"hello"
        assert len(other.asked) == 3


def test_a_kept_connection_that_has_just_gone_costs_no_answer():
    """The server reads the second request and closes: it is made again, but for a POST."""
    def closes_second(peer, played):
        keeps(PLAIN)(peer, played)
        head_of(peer)
    with fetch() as server, playing(closes_second, keeps(PLAIN, PLAIN)) as other:
        assert ask(server, other.url()).body == b"hello"
        assert ask(server, other.url()).body == b"hello"
        assert ask(server, other.url()).body == b"hello"
    with fetch() as server, playing(closes_second) as other:
        assert ask(server, other.url()).body == b"hello"
        posted = http(server.port, request("POST", f"/?url={other.url()}", b"x", connection="close"))[-1]
        assert posted.status == 502 and b"closed before all had come" in posted.body, posted


def test_a_connection_that_says_more_than_it_was_asked_is_not_used_again():
    with fetch() as server, playing(keeps(PLAIN + b"HTTP/1.1 200 OK\r\n\r\n"), PLAIN) as other:
        assert ask(server, other.url()).body == b"hello"
        assert ask(server, other.url()).body == b"hello"


def test_large_bodies_both_ways_and_in_pieces():
    data = os.urandom(4 << 20)

    def mirror(peer, played):
        got = head_of(peer)
        head, _, body = got.partition(b"\r\n\r\n")
        while len(body) < len(data):
            body += peer.recv(1 << 20)
        assert hashlib.sha1(body).digest() == hashlib.sha1(data).digest()
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    huge = 100 << 20

    def sends_much(peer, played):
        head_of(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % huge)
        for _ in range(100):
            peer.sendall(bytes(1 << 20))
    with fetch() as server, playing(mirror, sends_much) as other:
        posted = http(server.port, request("POST", f"/?url={other.url()}", data, connection="close"))[-1]
        assert posted.body == data
        assert ask(server, other.url(), "/size").body == b"%d bytes\n" % huge


def test_an_answer_that_comes_before_the_request_was_taken():
    """The server answers a large request at once, and does not read on."""
    go = threading.Event()

    def hasty(peer, played):
        head_of(peer)
        peer.sendall(b"HTTP/1.1 413 Too much\r\nContent-Length: 2\r\n\r\nno")
        go.wait(10)
    with fetch() as server, playing(hasty) as other:
        body = bytes(8 << 20)
        posted = http(server.port, request("POST", f"/?url={other.url()}", body, connection="close"))[-1]
        go.set()
        assert (posted.status, posted.body) == (413, b"no"), posted


def test_many_at_once_from_oklo_itself():
    root = {"a.txt": b"x" * 100_000}
    with Oklo("serve", "127.0.0.1:{port}", "{root}", root=root) as other, fetch() as server:
        clients = [Client(server.port) for _ in range(100)]
        for client in clients:
            client.send(request("GET", f"/?url=http://127.0.0.1:{other.port}/a.txt"))
        for client in clients:
            answer = client.response()
            assert answer.status == 200 and answer.body == b"x" * 100_000, answer
            client.close()
        assert ask(server, f"http://localhost:{other.port}/nothing").status == 404


@needs("nginx")
def test_from_nginx():
    from nginx_front import passing
    root = {"a.txt": b"by nginx"}
    with files({}) as place, Oklo("serve", "127.0.0.1:{port}", "{root}", root=root) as origin:
        with passing(origin.port, place) as proxy, fetch() as server:
            for _ in range(5):
                answer = ask(server, f"http://127.0.0.1:{proxy.port}/a.txt")
                assert (answer.status, answer.body) == (200, b"by nginx"), answer


def test_a_reload_waits_for_answers_and_leaves():
    go = threading.Event()

    def waits(peer, played):
        head_of(peer)
        played.asked.append(b"x")
        go.wait(10)
        peer.sendall(PLAIN)
        with contextlib.suppress(ConnectionResetError):
            assert peer.recv(100) == b""
    with fetch() as server, playing(waits) as other:
        old = server.workers()
        with Client(server.port) as client:
            client.send(request("GET", f"/?url={other.url()}"))
            wait_until(lambda: other.asked)
            server.kill(signal.SIGUSR1)
            server.wait_for_stderr("generation 2 is ready")
            go.set()
            assert client.response().body == b"hello"
        wait_until(lambda: not set(old) & set(server.workers()), what="the old worker to leave")
