"""oklo at home on a host: who starts it and hears how it does, sockets that are passed to it."""

import contextlib
import os
import re
import signal
import socket
import time

from harness import Oklo, free_port, get, mode, needs, run_oklo, state, wait_until
from hosted import ROOT, command, control, serving


# ---- the service manager hears of it: sd_notify(3)

class Manager:
    """Plays systemd: a socket that hears what the service says."""

    def __init__(self, place):
        self.place = place
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.socket.bind("\0" + place[1:] if place.startswith("@") else place)
        self.socket.settimeout(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        if not self.place.startswith("@"):
            os.unlink(self.place)

    def heard(self):
        """What is said next, as a dict."""
        lines = self.socket.recv(65536).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def hears_nothing(self):
        self.socket.setblocking(False)
        try:
            raise AssertionError(self.socket.recv(65536))
        except BlockingIOError:
            pass
        finally:
            self.socket.settimeout(10)


def notified(place, *args, **env):
    return serving(*args, env={"NOTIFY_SOCKET": place, **env})


def test_a_service_manager_hears_of_start_reload_and_stop():
    for place in f"/tmp/oklo-notify-{os.getpid()}", f"@oklo-notify-{os.getpid()}":
        with Manager(place) as manager, notified(place) as oklo:
            up = manager.heard()
            assert up["READY"] == "1" and up["MAINPID"] == str(oklo.pid), up
            assert up["STATUS"] == f"serving with 2 workers, 127.0.0.1:{oklo.port}", up
            for order in lambda: oklo.kill(signal.SIGHUP), lambda: command(oklo, "reload"):
                before = time.monotonic_ns() // 1000
                order()
                reloading = manager.heard()
                assert reloading["RELOADING"] == "1"
                assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
                again = manager.heard()
                assert again["READY"] == "1" and re.search("generation [23] is ready", again["STATUS"]), again
            assert oklo.stop() == 0
            assert manager.heard()["STOPPING"] == "1"
            manager.hears_nothing()


def test_a_failed_reload_is_told_and_the_service_is_ready_again():
    place = f"@oklo-notify-{os.getpid()}"
    with Manager(place) as manager, notified(place) as oklo:
        manager.heard()
        os.rename(oklo.root, oklo.root + ".gone")
        try:
            oklo.kill(signal.SIGHUP)
            assert "RELOADING" in manager.heard()
            again = manager.heard()
            assert again["READY"] == "1" and "the last reload failed" in again["STATUS"], again
        finally:
            os.rename(oklo.root + ".gone", oklo.root)
        assert get(oklo.port).body == b"hello"


def test_a_daemon_is_heard_from_the_process_that_stays():
    place = f"@oklo-notify-{os.getpid()}"
    with Manager(place) as manager:
        pid_file = f"/tmp/oklo-notify-{os.getpid()}.pid"
        started = run_oklo("serve", f"127.0.0.1:{free_port()}", "/usr/share", "-d", "--pid-file", pid_file,
                           env={"NOTIFY_SOCKET": place})
        assert started.returncode == 0, started
        with open(pid_file) as file:
            pid = int(file.read())
        try:
            assert manager.heard()["MAINPID"] == str(pid)
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: state(pid) is None, what="the daemon's end")
        assert manager.heard()["STOPPING"] == "1"


def test_the_watchdog_hears_of_a_healthy_service_alone():
    place = f"@oklo-notify-{os.getpid()}"
    with Manager(place) as manager, notified(place, WATCHDOG_USEC="200000") as oklo:
        assert "READY" in manager.heard()
        for _ in range(3):
            assert manager.heard() == {"WATCHDOG": "1"}
        workers = oklo.workers()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: command(oklo, "health") == 1, what="a service that is not healthy")
        manager.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                manager.socket.recv(65536)
        manager.socket.settimeout(1)
        try:
            raise AssertionError(manager.heard())
        except TimeoutError:
            pass
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        manager.socket.settimeout(10)
        assert manager.heard() == {"WATCHDOG": "1"}


# ---- sockets that are passed: sd_listen_fds(3)

def activated(*args, listen, names=(), flags=(), **options):
    """oklo behind systemd-socket-activate, which starts it at the first connection."""
    port = free_port()
    prefix = ["systemd-socket-activate", "-E", f"OKLO_MODE={mode()}", *flags]
    prefix += [f"--listen={one}".replace("{port}", str(port)) for one in listen]
    if names:
        prefix.append(f"--fdname={':'.join(names)}")
    return Oklo("serve", *args, "{root}", "--workers", "2", "--control", control(port), root=ROOT,
                prefix=prefix, port=port, wait=False, **options)


def up(oklo):
    oklo.wait_for_stderr("Listening on")
    answer = get(oklo.port)
    assert answer.body == b"hello", answer
    oklo.wait_for_stderr("serving")


@needs("systemd-socket-activate")
def test_a_passed_socket_is_known_by_its_address():
    with activated("127.0.0.1:{port}", listen=["127.0.0.1:{port}"]) as oklo:
        up(oklo)
        assert "nothing is served" not in oklo.stderr()
        for _ in range(20):
            assert get(oklo.port).body == b"hello"
        assert command(oklo, "reload") == 0
        victims = oklo.workers()
        os.kill(victims[0], signal.SIGKILL)
        for _ in range(20):
            assert get(oklo.port).body == b"hello"


@needs("systemd-socket-activate")
def test_a_passed_socket_is_known_by_its_name_or_number_and_one_too_many_is_told():
    for word in "fd:web", "fd:4":
        other = free_port()
        with activated(word, listen=[f"127.0.0.1:{other}", "127.0.0.1:{port}"],
                       names=["spare", "web"]) as oklo:
            up(oklo)
            oklo.wait_for_stderr(rf"nothing is served at the socket fd:3 \(spare, 127.0.0.1:{other}\)")


@needs("systemd-socket-activate")
def test_a_passed_socket_of_datagrams():
    port, echo = free_port(), free_port()
    prefix = ["systemd-socket-activate", "--datagram", "-E", f"OKLO_MODE={mode()}",
              f"--listen=127.0.0.1:{echo}"]
    with Oklo("demo", "127.0.0.1:{port}", "--echo", f"127.0.0.1:{echo}", "--workers", "2", "--control",
              control(port), port=port, prefix=prefix, wait=False) as oklo:
        oklo.wait_for_stderr("Listening on")
        for number in range(20):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(10)
                client.connect(("127.0.0.1", echo))
                client.send(b"%d" % number)
                assert client.recv(100) == b"%d" % number
        assert "nothing is served" not in oklo.stderr()


@needs("systemd-socket-activate")
def test_a_passed_unix_socket_stays_where_it_is():
    path = f"/tmp/oklo-activated-{os.getpid()}"
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(lambda: os.path.exists(path) and os.unlink(path))
        with activated(f"unix:{path}", listen=[path]) as oklo:
            wait_until(lambda: os.path.exists(path), what="the socket")
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
            oklo.wait_for_stderr("serving")
            assert oklo.stop() == 0
            assert os.path.exists(path)


@needs("systemd-socket-activate")
def test_a_service_manager_passes_a_socket_with_a_name_and_hears_of_all():
    place = f"@oklo-notify-{os.getpid()}"
    flags = ["-E", f"NOTIFY_SOCKET={place}", "-E", "WATCHDOG_USEC=200000"]
    with Manager(place) as manager, activated("fd:web", listen=["127.0.0.1:{port}"], names=["web"],
                                              flags=flags) as oklo:
        heard = []

        def hear(word):
            while not heard or word not in heard[-1]:
                heard.append(manager.heard())
            return heard[-1]

        up(oklo)
        assert hear("READY")["MAINPID"] == str(oklo.pid)
        assert heard[-1]["STATUS"] == f"serving with 2 workers, 127.0.0.1:{oklo.port}", heard
        hear("WATCHDOG")
        assert command(oklo, "reload") == 0
        hear("RELOADING")
        assert "generation 2 is ready" in hear("READY")["STATUS"]
        hear("WATCHDOG")
        assert get(oklo.port).body == b"hello"
        assert oklo.stop() == 0
        assert hear("STOPPING")["STATUS"] == "stopping"


def test_a_socket_that_was_not_passed():
    failed = run_oklo("serve", "fd:web", ".")
    assert failed.returncode == 100, failed
    assert "no socket fd:web was passed to this process" in failed.stderr, failed


@needs("systemd-socket-activate")
def test_a_socket_of_the_wrong_type():
    with activated("fd:3", listen=["127.0.0.1:{port}"], flags=["--datagram"], code=100) as oklo:
        oklo.wait_for_stderr("Listening on")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"wake up", ("127.0.0.1", oklo.port))
        oklo.wait_for_stderr("is of the wrong type: a stream is wanted")
