"""Datagrams that a server sends itself: the example udp_ask."""

import contextlib
import os
import signal
import socket
import tempfile

from client_test import ask, line
from harness import EXAMPLES, Client, Oklo, files, free_port, mode, needs, wait_until
from resolver_test import answers, dnsmasq


@contextlib.contextmanager
def asker(*args):
    program = os.path.join(EXAMPLES, "udp_ask")
    with Oklo("127.0.0.1:{port}", *args, program=program) as server, Client(server.port) as console:
        server.console = console
        yield server


@contextlib.contextmanager
def hearer(family=socket.AF_INET, address=("127.0.0.1", 0)):
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.bind(address)
        yield sock


def name_of(sock):
    return "127.0.0.1:%d" % sock.getsockname()[1]


def test_there_and_back():
    with asker() as server, hearer() as one, hearer() as two:
        for sock in (one, two):
            assert ask(server, f"{name_of(sock)} hello") == "done"
            data, sender = sock.recvfrom(100)
            assert data == b"hello"
            sock.sendto(b"good day", sender)
            assert line(server.console) == f"{name_of(sock)}: good day"
        assert ask(server, f"forget {name_of(one)}") == "done"
        assert ask(server, f"forget {name_of(one)}") == "no"


def test_over_a_unix_socket():
    with tempfile.TemporaryDirectory(prefix="oklo-test-") as directory:
        os.chmod(directory, 0o777)
        path = os.path.join(directory, "s")
        with asker() as server, hearer(socket.AF_UNIX, path) as sock:
            os.chmod(path, 0o777)
            assert ask(server, f"unix:{path} hello") == "done"
            data, sender = sock.recvfrom(100)
            assert data == b"hello"
            sock.sendto(b"good day", sender)
            assert line(server.console) == f"unix:{path}: good day"


def test_from_a_service_of_oklo():
    """It listens at one of the two addresses of localhost alone."""
    with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--workers", 1) as demo:
        udp = demo.port + 1
        demo.wait_for_stderr(rf"UDP echo  127\.0\.0\.1:{udp}\n")
        with asker() as server:
            assert ask(server, f"localhost:{udp} to the first address") == "done"
            answer = line(server.console)
            assert answer.endswith("Connection refused"), answer
            assert ask(server, f"localhost:{udp} hello") == "done"
            assert line(server.console) == f"localhost:{udp}: hello"


def test_nobody_listens_and_what_is_no_address():
    with hearer() as sock:
        nobody = name_of(sock)
    with asker() as server:
        assert ask(server, f"{nobody} x") == "done"
        assert line(server.console) == f"{nobody} failed: cannot send to {nobody}: Connection refused"
        assert ask(server, "nonsense x") == "no"
        assert line(server.console).startswith('nonsense failed: bad address "nonsense": the port is missing')
        assert ask(server, "a..b:1 x") == "done"
        assert line(server.console).endswith('the host name "a..b" has an empty label')


@needs("dnsmasq")
def test_to_a_name():
    name_port = free_port()
    conf = b"nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
    with files({"resolv.conf": conf, "hosts": b""}) as place, hearer() as sock:
        port = sock.getsockname()[1]
        words = f"resolv={place}/resolv.conf", f"hosts={place}/hosts", f"port={name_port}"
        with dnsmasq(name_port, "--host-record=here.test,127.0.0.1"), asker(*words) as server:
            assert answers(name_port)
            for text in (b"one", b"two"):
                assert ask(server, f"here.test:{port} {text.decode()}") == "done"
                data, sender = sock.recvfrom(100)
                assert data == text
            sock.sendto(b"good day", sender)
            assert line(server.console) == f"here.test:{port}: good day"
            assert ask(server, f"nothing.test:{port} x") == "done"
            assert line(server.console).endswith('there is no host "nothing.test"')


def test_they_keep_no_worker_from_leaving():
    with asker() as server, hearer() as sock:
        assert ask(server, f"{name_of(sock)} hello") == "done"
        assert sock.recv(100) == b"hello"
        old = server.workers()
        server.kill(signal.SIGUSR1)
        server.wait_for_stderr("generation 2 is ready")
        # The console is still that of the old worker, which sends as before; in process mode of any.
        assert ask(server, f"{name_of(sock)} still") == "done"
        assert sock.recv(100) == b"still"
        if mode() == "base":
            assert set(old) & set(server.workers())
            server.console.close()
        wait_until(lambda: not set(old) & set(server.workers()), what="the old worker to leave")
