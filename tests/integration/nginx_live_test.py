"""The nginx of oklo.conf(5) before what lasts: WebSockets, rooms, server-sent events; and how they end."""

import os
import signal
import struct
import zlib

from harness import Client, get, http, needs, request, wait_until
from nginx_front import front, in_location, program
from websocket_test import Guest, guests_in, hear
from ws_client import CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket, close_frame, frame

SHORT_PATIENCE = ("proxy_read_timeout 75s", "proxy_read_timeout 1s")


# ---- WebSockets

@needs("nginx")
def test_messages_pass_both_ways():
    with front() as site:
        with WebSocket(site.port, "/ws") as socket:
            for size in 0, 1, 126, 65535, 65536, 1 << 20:
                socket.send(b"\xff" * size)
                assert socket.receive() == b"\xff" * size
                socket.send("ä" * (size // 2))
                assert socket.receive() == "ä" * (size // 2)
            socket.send_raw(frame(TEXT, "hä".encode()[:2], fin=False) + frame(PING, b"p"))
            assert socket.receive_frame() == (PONG, b"p")
            socket.send_raw(frame(CONTINUATION, "hä".encode()[2:]))
            assert socket.receive() == "hä"
        site.wait_for_connections(0)


@needs("nginx")
def test_what_is_sent_with_the_request_for_a_websocket_is_not_lost():
    with front() as site, Client(site.port) as client:
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        client.send(request("GET", "/ws", upgrade="WebSocket", connection="keep-alive, Upgrade",
                            sec_websocket_version=13, sec_websocket_key=key) + frame(TEXT, b"early"))
        answer = client.response()
        assert (answer.status, answer.field("sec-websocket-accept")) == (101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        assert client.read(7) == b"\x81\x05early"


@needs("nginx")
def test_close_codes_pass_both_ways():
    with front("ws_rooms", 1) as site, Guest(site.port) as witness:
        witness.hears_leaving = True
        with Guest(site.port) as guest:
            assert guest.close(3001) == 3001
            assert witness.receive() == guest.name + " left with 3001"
        with Guest(site.port) as guest:
            guest.send("/bye")
            assert guest.receive_frame() == (CLOSE, struct.pack(">H", 4000) + b"bye")
            assert guest.send_raw(close_frame(4000)).client.closed()
            assert witness.receive() == guest.name + " left with 4000"
        with Guest(site.port) as guest:
            assert guest.send_raw(frame(TEXT, b"\xff")).closed_with() == 1007
            assert witness.receive() == guest.name + " left with 1007"
        with Guest(site.port) as guest:
            pass
        assert witness.receive() == guest.name + " left with 1006"
        site.wait_for_connections(1)
        site.server.kill(signal.SIGTERM)
        assert witness.receive_frame() == (CLOSE, struct.pack(">H", 1001))
        assert witness.send_raw(close_frame(1001)).client.closed()


@needs("nginx")
def test_the_heartbeat_keeps_a_silent_websocket():
    with front("behind", "ping=200", changes=[SHORT_PATIENCE]) as site:
        with WebSocket(site.port, "/ws") as socket:
            # Ten pings are twice the patience of nginx.
            for _ in range(10):
                opcode, payload = socket.receive_frame()
                assert opcode == PING
                socket.send_raw(frame(PONG, payload))
            assert socket.send("still there").receive() == "still there"
    with front("behind", "ping=0", changes=[SHORT_PATIENCE]) as site:
        with WebSocket(site.port, "/ws") as socket:
            assert socket.send("x").receive() == "x"
            assert socket.client.closed()
        site.wait_for_connections(0)


@needs("nginx")
def test_rooms_span_the_workers():
    with front("ws_rooms", 3) as site:
        guests = guests_in(site.port, 3)
        for sender in guests:
            sender.send("from " + sender.name)
            for guest in guests:
                hear(guest, "from " + sender.name)
        assert http(site.port, request("POST", "/chat/lobby", b"posted"))[0].body == b"sent\n"
        for guest in guests:
            hear(guest, "posted")
            guest.client.close()
        assert get(site.port, "/status").status == 200
        # That of the status is kept.
        site.wait_for_connections(1)


@needs("nginx")
def test_websockets_stay_through_a_reload():
    with front("ws_rooms", 2) as site, Guest(site.port) as old:
        site.server.kill(signal.SIGUSR1)
        wait_until(lambda: site.status()["generation"] == 2, what="the reload")
        with Guest(site.port) as young:
            for sender in old, young:
                sender.send("from " + sender.name)
                hear(old, "from " + sender.name)
                hear(young, "from " + sender.name)
            assert old.close(1000) == 1000
            wait_until(lambda: len(site.server.workers()) == 2, what="the old workers to leave")


@needs("nginx")
def test_a_process_that_is_killed_takes_its_websockets_along():
    with front("behind", "workers=1") as site, WebSocket(site.port, "/ws") as socket:
        assert socket.send("x").receive() == "x"
        os.kill(site.server.owners()[0], signal.SIGKILL)
        assert socket.client.closed()
        wait_until(site.server.owners)
        with WebSocket(site.port, "/ws") as again:
            assert again.send("y").receive() == "y"


# ---- events

class Listener:
    """One that listens to the example `events`: in HTTP/1.0, in which nginx sends events without chunks."""

    def __init__(self, port, heard=None):
        self.client = Client(port)
        again = f"Last-Event-ID: {heard}\r\n" if heard else ""
        self.client.send(f"GET /feed HTTP/1.0\r\nHost: localhost\r\n{again}\r\n".encode())
        head = self.client.read_until(b"\r\n\r\n").lower()
        assert b" 200 " in head and b"\r\ncontent-type: text/event-stream\r\n" in head

    def event(self):
        return self.client.read_until(b"\n\n").decode()

    def word(self):
        """The next event that is not of the clock."""
        while (event := self.event()).startswith("event: clock\n"):
            pass
        return event


def say(site, word):
    assert http(site.port, request("POST", "/say", word))[0].status == 204


@needs("nginx")
def test_each_event_arrives_before_the_next_is_sent():
    with front("events") as site:
        first, second = Listener(site.port), Listener(site.port)
        for number in range(1, 20):
            say(site, b"word %d" % number)
            assert first.word() == second.word() == f"id: {number}\ndata: word {number}\n\n"
        assert Listener(site.port, heard=18).word() == "id: 19\ndata: word 19\n\n"


@needs("nginx")
def test_events_outlast_the_patience_of_nginx():
    # The clock of the example ticks once a second.
    with front("events", changes=[("proxy_read_timeout 75s", "proxy_read_timeout 2s")]) as site:
        listener = Listener(site.port)
        ticks = [listener.event() for _ in range(4)]
        assert all(tick.startswith("event: clock\n") for tick in ticks), ticks


@needs("nginx")
def test_a_listener_that_leaves_is_gone_from_oklo():
    with front("events") as site:
        listeners = [Listener(site.port) for _ in range(3)]
        site.wait_for_connections(3)
        listeners[0].client.close()
        site.wait_for_connections(2)
        say(site, b"word")
        for listener in listeners[1:]:
            assert listener.word() == "id: 1\ndata: word\n\n"
            listener.client.close()
        # That of the word is kept.
        site.wait_for_connections(1)


@needs("nginx")
def test_events_end_with_oklo_and_begin_with_it_again():
    with front("events") as site:
        listener = Listener(site.port)
        say(site, b"word")
        assert listener.word() == "id: 1\ndata: word\n\n"
        assert site.server.stop() == 0
        assert b"data: word" not in listener.client.read_all()
        assert get(site.port, "/feed").status == 502
        with program("events", place=site.place, port=site.server.port):
            listener = Listener(site.port, heard=1)
            say(site, b"first of the new ones")
            assert listener.word().endswith("data: first of the new ones\n\n")


@needs("nginx")
def test_an_event_is_held_nowhere_also_where_nginx_compresses():
    gzip = "gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;"
    with front("events", changes=[in_location(gzip)]) as site, Client(site.port) as client:
        client.send(request("GET", "/feed", accept_encoding="gzip"))
        assert b"content-encoding: gzip\r\n" in client.read_until(b"\r\n\r\n").lower()
        packed, text = zlib.decompressobj(31), b""
        for number in range(1, 10):
            say(site, b"word %d" % number)
            while b"data: word %d\n\n" % number not in text:
                size = int(client.read_until(b"\r\n"), 16)
                text += packed.decompress(client.read(size + 2)[:-2])


# ---- answers that come late

@needs("nginx")
def test_what_is_written_over_time_arrives_as_it_is_written():
    for changes in [], [in_location("proxy_buffering off;")]:
        with front("late", changes=changes) as site, Client(site.port) as client:
            client.send(request("GET", "/count") + request("GET", "/slow"))
            assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
            # Ten lines take a second: the first does not wait for the last.
            first = client.read_until(b"\n\r\n")
            assert b"line 1\n" in first and b"line 10\n" not in first
            assert client.read_until(b"\r\n0\r\n\r\n").endswith(b"line 10\n\r\n0\r\n\r\n")
            assert client.response().body == b"at last\n"


@needs("nginx")
def test_a_client_that_leaves_before_its_answer_is_missed_when_it_comes():
    with front("late") as site, Client(site.port) as client:
        client.send(request("GET", "/wait/a"))
        site.wait_for_connections(1)
        client.close()
        with Client(site.port) as other:
            assert other.send(request("POST", "/say/a", b"word")).response().body == b"1 heard it\n"
            assert other.send(request("POST", "/say/a", b"word")).response().body == b"0 heard it\n"
        # That of the word is kept.
        site.wait_for_connections(1)
