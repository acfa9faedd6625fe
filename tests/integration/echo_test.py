"""The echo ports of the demo."""

import contextlib
import json
import socket

from harness import Client, Oklo, get, wait_until


def udp_echo(port, data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.connect(("127.0.0.1", port))

        def answered():
            client.send(data)
            with contextlib.suppress(TimeoutError):
                return client.recv(65536) == data
        wait_until(answered, what="an echo over UDP")


def test_tcp_and_udp_echo_beside_the_pages():
    with Oklo("demo", "127.0.0.1:0", "--control", "off", "--workers", 2, wait=False) as oklo:
        ports = oklo.wait_for_stderr(r"pages     http://127\.0\.0\.1:(\d+)/\n  chat      http://.*/chat\n"
                                     r"  tasks     http://.*/tasks\n  status    http://.*/status\n"
                                     r"  TCP echo  127\.0\.0\.1:(\d+)\n  UDP echo  127\.0\.0\.1:(\d+)\n")
        pages, tcp, udp = map(int, ports.groups())
        with Client(tcp) as client:
            client.send(b"over TCP\0")
            assert client.read(9) == b"over TCP\0"
            client.end()
            assert client.closed()
        udp_echo(udp, b"over UDP\0")
        addresses = json.loads(get(pages, "/status.json").body)["addresses"]
        assert addresses == [f"127.0.0.1:{port}" for port in (pages, tcp, udp)]


def test_the_echo_has_the_next_port():
    with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--workers", 1) as oklo:
        port = oklo.port + 1
        oklo.wait_for_stderr(rf"TCP echo  127\.0\.0\.1:{port}\n  UDP echo  127\.0\.0\.1:{port}\n")
        with Client(oklo.port + 1) as client:
            assert client.send(b"x").read(1) == b"x"
        udp_echo(oklo.port + 1, b"y")


def test_another_echo_gets_no_answer():
    with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--workers", 1) as oklo:
        wait_until(lambda: "is up" in oklo.stderr(), what="the demo to be up")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.2", oklo.port + 1))
            other.sendto(b"ping", ("127.0.0.1", oklo.port + 1))
            # What comes later from elsewhere is answered, so the first one was not.
            udp_echo(oklo.port + 1, b"pong")
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                assert not other.recv(100)


def test_the_echo_can_be_switched_off_and_moved():
    with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--workers", 1, "--echo", "off") as oklo:
        oklo.wait_for_stderr("status    http")
        assert "echo" not in oklo.stderr()
        assert len(json.loads(get(oklo.port, "/status.json").body)["addresses"]) == 1
    with Oklo("demo", "127.0.0.1:{port}", "--control", "off", "--workers", 1,
              "--echo", "localhost:0") as oklo:
        port = int(oklo.wait_for_stderr(r"TCP echo  127\.0\.0\.1:(\d+)\n")[1])
        with Client(port) as client:
            assert client.send(b"moved").read(5) == b"moved"
