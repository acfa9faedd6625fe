"""The group chat of the demo, over raw sockets."""

import contextlib
import json
import os
import signal

from harness import Oklo, alive, get, mode, timeout, title, wait_until
from ws_client import CLOSE, WebSocket, frame

TOKEN = "0123456789abcdef"


@contextlib.contextmanager
def chat(workers=2, *flags):
    with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--echo", "off", "--workers", workers,
              *flags) as oklo:
        wait_until(lambda: "is up" in oklo.stderr(), what="the demo to be up")
        yield oklo


class Guest(WebSocket):
    """One who is in a room. What comes is a list of objects; `hello` answers the first one that is sent."""

    def __init__(self, port, room="lobby", name="Ada", token="", **options):
        super().__init__(port, "/chat/ws", **options)
        self.tags = 0
        self.send("\n".join(["join", room, name, token]))
        # Everybody hears of new workers, also before.
        self.hello = self.get("hello")
        self.id, self.name, self.worker = (self.hello[key] for key in ("from", "name", "worker"))
        self.get("came", of=self.id)

    def hear(self):
        return json.loads(self.receive())

    def get(self, kind, of=None):
        """The next object of this kind; others are passed over."""
        while True:
            message = self.hear()
            if message["is"] == kind and of in (None, message.get("from")):
                return message

    def say(self, text, tag=None):
        self.tags += 1
        self.send(f"say\n{tag or f'{self.worker}x{self.tags}'}\n{text}")
        return self

    def who(self):
        self.send("who")
        return sorted(one["name"] for one in self.get("who")["people"])


def guests_in(port, count, **options):
    """One guest in each worker, by its number; the kernel chooses, so others are let go."""
    found = {}

    def enough():
        guest = Guest(port, **options)
        if guest.worker in found:
            guest.close()
        else:
            found[guest.worker] = guest
        return len(found) == count
    wait_until(enough, what="a guest in each worker")
    return [found[number] for number in sorted(found)]


def guest_in(port, worker, **options):
    """A guest in that worker."""
    def tried():
        guest = Guest(port, **options)
        return guest if guest.worker == worker else guest.close() and None
    return wait_until(tried, what=f"a guest in worker {worker}")


def pid_of(oklo, number):
    return wait_until(lambda: next((pid for pid in oklo.workers() if title(pid) == f"oklo: worker {number}"),
                                   None), what=f"worker {number}")


def test_two_workers_one_room():
    with chat() as oklo:
        one, two = guests_in(oklo.port, 2, name="Ada")
        assert {one.name, two.name} == {"Ada", "Ada 2"} and {one.worker, two.worker} == {1, 2}
        assert one.hello["workers"] == 2 and one.hello["generation"] == 1
        assert one.who() == two.who() == ["Ada", "Ada 2"]
        one.say("<b>hi</b> \"ü\\\"\n\ttwo ", tag="t1")
        for guest in one, two:
            said = guest.get("said")
            assert said["text"] == "<b>hi</b> \"ü\\\"\n\ttwo" and said["tag"] == "t1", said
            assert (said["from"], said["name"], said["worker"]) == (one.id, one.name, one.worker)
        # Another room hears nothing of it.
        with Guest(oklo.port, room=" The  Kitchen ", name="Ada") as other:
            assert other.hello["room"] == "the kitchen" and other.name == "Ada"
            assert other.hello["said"] == [] and other.who() == ["Ada"]
            two.say("again")
            assert one.get("said")["text"] == "again"
            other.say("here")
            assert other.get("said")["text"] == "here"


def test_who_comes_late_gets_the_last_messages():
    with chat() as oklo, contextlib.ExitStack() as stack:
        one, two = guests_in(oklo.port, 2, name="Ada")
        more = [stack.enter_context(Guest(oklo.port)) for _ in range(6)]
        for i in range(70):
            guest = [one, two, *more][i % 8]
            guest.say(str(i))
            said = guest.get("said", of=guest.id)
            assert said["text"] == str(i)
            if i == 25:
                middle = said["id"]
        with Guest(oklo.port, name="Late") as late:
            said = late.hello["said"]
            assert [one["text"] for one in said] == [str(i) for i in range(20, 70)]
            ids = [one["id"] for one in said]
            assert ids == sorted(set(ids)) and middle in ids


def test_coming_and_leaving_is_told():
    with chat() as oklo:
        one, two = guests_in(oklo.port, 2, name="Ada")
        bob = guest_in(oklo.port, one.worker, name="Bob")
        for guest in one, two:
            came = guest.get("came", of=bob.id)
            assert came["name"] == "Bob" and came["was"] == "" and came["worker"] == bob.worker
            assert came["count"] == 3
        bob.close(1000)
        for guest in one, two:
            left = guest.get("left", of=bob.id)
            assert left["name"] == "Bob" and left["count"] == 2 and left["lost"] is False
        eve = guest_in(oklo.port, two.worker, name="Eve")
        eve.client.close()
        assert one.get("left", of=eve.id)["lost"] is True
        eve = guest_in(oklo.port, two.worker, name="Eve")
        eve.close(3000)
        assert two.get("left", of=eve.id)["lost"] is True


def test_the_same_one_over_another_connection_takes_its_own_place():
    with chat() as oklo, Guest(oklo.port, name="Bob") as bob, Guest(oklo.port, token=TOKEN) as ada:
        with Guest(oklo.port, token=TOKEN) as again, Guest(oklo.port, token="f" * 16) as stranger:
            assert (again.name, stranger.name) == ("Ada", "Ada 2")
            assert bob.get("came", of=again.id)["was"] == ada.id
            assert bob.get("came", of=stranger.id)["was"] == ""
            # The old connection is nobody any more.
            ada.say("it is still me")
            assert ada.closed_with() == 1008
            assert again.who() == ["Ada", "Ada 2", "Bob"]


@timeout(30)
def test_the_people_of_a_killed_worker_are_told_to_leave():
    with chat() as oklo:
        one, two = guests_in(oklo.port, 2, name="Ada")
        dead = pid_of(oklo, two.worker)
        os.kill(dead, signal.SIGKILL)
        if mode() == "process":
            wait_until(lambda: not alive(dead) and len(oklo.workers()) == 2, what="another worker")
            two.say("still here")
            assert one.get("said")["text"] == two.get("said")["text"] == "still here"
            assert Guest(oklo.port).who() == [one.name, two.name, "Ada 3"]
            return
        left = one.get("left", of=two.id)
        assert left["lost"] is True and left["count"] == 1
        assert one.who() == [one.name]
        wait_until(lambda: not alive(dead), what="the worker to be gone")
        again = guest_in(oklo.port, two.worker, name=two.name)
        assert again.name == two.name
        assert one.get("came", of=again.id)["count"] == 2
        again.say("back")
        assert one.get("said")["text"] == "back"


@timeout(30)
def test_all_workers_are_killed_and_the_history_is_there():
    with chat() as oklo:
        one, two = guests_in(oklo.port, 2, name="Ada")
        two.say("remember this")
        assert one.get("said")["text"] == "remember this"
        dead = oklo.workers()
        for pid in dead:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(alive, dead)) and len(oklo.workers()) == 2, what="other workers")
        with Guest(oklo.port) as late:
            others = [] if mode() == "base" else [one.name, two.name]
            assert late.name not in others and late.who() == others + [late.name]
            assert [said["text"] for said in late.hello["said"]] == ["remember this"]


@timeout(30)
def test_a_reload_keeps_the_chat_and_tells_who_is_to_move():
    with chat() as oklo:
        one, two = guests_in(oklo.port, 2, name="Ada")
        old = oklo.workers()
        oklo.kill(signal.SIGUSR1)
        assert one.get("generation")["number"] == two.get("generation")["number"] == 2

        def moved(guest):
            new = Guest(oklo.port, name=guest.name)
            return new if new.hello["generation"] == 2 else new.close() and None
        bob = wait_until(lambda: moved(one), what="a guest of the new workers")
        # Old and new workers share the room.
        bob.say("from the new")
        assert one.get("said")["text"] == two.get("said")["text"] == "from the new"
        one.say("from the old")
        assert [bob.get("said")["text"] for _ in range(2)] == ["from the new", "from the old"]
        assert bob.who() == sorted([one.name, two.name, bob.name])
        for guest in one, two:
            guest.close()
        wait_until(lambda: not any(map(alive, old)), what="the old workers to leave")
        wait_until(lambda: bob.who() == [bob.name], what="it to be told that all have left")


def test_names_are_cleaned():
    with chat(1) as oklo:
        for wanted, name in ((" \u202eeve\u200b\x07 ", "eve"), ("", "guest"), ("\u2060", "guest"),
                             ("x" * 99, "x" * 24), ("<img src=x onerror=1>", "<img src=x onerror=1>")):
            with Guest(oklo.port, name=wanted) as guest:
                assert guest.name == name
                guest.close()
        for wanted, room in (("", "lobby"), (" A\tB ", "a b"), ("\u200b", "lobby"), ("ä" * 40, "ä" * 32)):
            with Guest(oklo.port, room=wanted) as guest:
                assert guest.hello["room"] == room


def test_what_is_not_understood_ends_the_connection():
    with chat(1) as oklo:
        def after(*messages):
            with WebSocket(oklo.port, "/chat/ws") as stranger:
                for message in messages:
                    stranger.send_raw(message if isinstance(message, bytes) else frame(1, message.encode()))
                while (got := stranger.receive_frame())[0] != CLOSE:
                    pass
                return int.from_bytes(got[1][:2], "big")
        join = "join\nlobby\nEve\n"
        for code, messages in (
                (1008, ["say\nt\nbefore coming in"]), (1008, ["who"]), (1008, [""]), (1008, [join, join]),
                (1008, [join, "dance"]), (1008, [join + "not a token!"]), (1008, [join + "t" * 33]),
                (1008, [join, "say\nbad tag\nx"]), (1008, [join, "say\n" + "t" * 33 + "\nx"]),
                (1003, [frame(2, b"binary")]), (1007, [frame(1, b"join\nlobby\n\xff")]),
                (1009, [join, "say\nt\n" + "x" * 5000])):
            assert after(*messages) == code, messages
        with Guest(oklo.port) as guest:
            assert guest.who() == ["Ada"]


def test_a_text_has_its_limits():
    with chat(1) as oklo, Guest(oklo.port) as guest:
        for text, why in (("x" * 2001, "too long"), ("ü" * 1001, "too long"), ("", "empty"),
                          (" \n\t\0", "empty")):
            refused = guest.say(text, tag="t7").get("refused")
            assert (refused["why"], refused["tag"]) == (why, "t7")
        for text in "x" * 2000, "\"" * 2000, "ü" * 1000, "\n" * 1999 + "x":
            assert guest.say(text).get("said")["text"] == text
        with Guest(oklo.port) as late:
            assert [len(said["text"]) for said in late.hello["said"]] == [2000, 2000, 1000, 2000]


def test_a_flood_is_slowed_down_and_then_sent_away():
    with chat(1) as oklo, Guest(oklo.port, name="Eve") as eve, Guest(oklo.port, name="Ada") as ada:
        for i in range(60):
            eve.say(str(i))
        heard = [eve.hear() for _ in range(61)]
        said = [one for one in heard if one["is"] == "said"]
        slow = [one for one in heard if one["is"] == "slow"]
        assert 10 <= len(said) <= 20 and len(said) + len(slow) == 60, heard
        assert all(0 < one["wait"] <= 500 for one in slow)
        for i in range(200):
            with contextlib.suppress(OSError):
                eve.say(str(i))
        with contextlib.suppress(OSError):
            assert eve.closed_with() == 1008
        ada.get("left", of=eve.id)
        assert ada.say("quiet again").get("said", of=ada.id)["text"] == "quiet again"


def test_pages_of_other_sites_are_refused():
    with chat(1) as oklo:
        for origin, host, status in (
                (f"http://127.0.0.1:{oklo.port}", f"127.0.0.1:{oklo.port}", 101),
                ("https://chat.example", "chat.example", 101), ("http://evil.example", "chat.example", 403),
                (f"http://127.0.0.1:{oklo.port}", f"localhost:{oklo.port}", 403), ("null", "a", 403)):
            with WebSocket(oklo.port, "/chat/ws", origin=origin, host=host) as socket_:
                assert socket_.answer.status == status, (origin, host)
        assert get(oklo.port, "/chat/ws").status == 426
