"""Names, looked up by a real name server: dnsmasq on the loopback."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess

from harness import EXAMPLES, Oklo, files, free_port, get, needs, wait_until

HOSTS = b"192.0.2.77 from-hosts\n"
RECORDS = ["--address=/web.test/192.0.2.1", "--address=/web.test/2001:db8::1", "--local=/test/",
           "--host-record=four.test,192.0.2.4", "--host-record=www.zone.test,192.0.2.9",
           "--cname=alias.test,four.test", "--cname=alias2.test,alias.test"]
RECORDS += [f"--host-record=many.test,10.1.{i // 250}.{i % 250 + 1}" for i in range(200)]


def answers(port, name=b"\x04four\x04test\x00"):
    """Whether a name server answers there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.2)
        asker.connect(("127.0.0.1", port))
        with contextlib.suppress(OSError):
            asker.send(b"\0\7\1\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1")
            return asker.recv(512).startswith(b"\0\7")
    return False


@contextlib.contextmanager
def dnsmasq(port, *records):
    program = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    command = [program, "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
               "--bind-interfaces", "--listen-address=127.0.0.1", "--pid-file=", f"--port={port}",
               "--local-ttl=1"] + RECORDS + list(records)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: answers(port), what="dnsmasq")
            yield server
        finally:
            server.send_signal(signal.SIGCONT)
            server.kill()
            server.wait()


@contextlib.contextmanager
def resolve(conf, port, *words, hosts=HOSTS):
    """The example, which asks name servers at that port."""
    with files({"resolv.conf": conf, "hosts": hosts}) as place:
        with Oklo("127.0.0.1:{port}", f"resolv={place}/resolv.conf", f"hosts={place}/hosts", f"port={port}",
                  *words, program=os.path.join(EXAMPLES, "resolve")) as example:
            example.place = place
            yield example


CONF = b"nameserver 127.0.0.1\nsearch zone.test\noptions timeout:1 attempts:2\n"


def looked_up(example, name):
    """The set of the addresses, or the sentence about what went wrong."""
    answer = get(example.port, "/" + name)
    text = answer.body.decode()
    assert answer.status in (200, 502), answer
    return set(text.split()) if answer.status == 200 else text.strip()


@needs("dnsmasq")
def test_names_are_looked_up_by_a_real_server():
    port = free_port()
    with dnsmasq(port), resolve(CONF, port, "name=alias.test") as example:
        assert looked_up(example, "web.test") == {"192.0.2.1", "2001:db8::1"}
        assert looked_up(example, "any.web.test.") == {"192.0.2.1", "2001:db8::1"}
        assert looked_up(example, "FOUR.test") == {"192.0.2.4"}
        assert looked_up(example, "alias2.test") == {"192.0.2.4"}
        assert looked_up(example, "www") == {"192.0.2.9"}
        assert looked_up(example, "from-hosts") == {"192.0.2.77"}
        assert looked_up(example, "localhost") == {"127.0.0.1", "::1"}
        assert looked_up(example, "::1") == {"::1"}
        assert looked_up(example, "nothing.test") == 'there is no host "nothing.test"'
        assert looked_up(example, "a..b") == 'the host name "a..b" has an empty label'
        assert looked_up(example, "elsewhere.example").startswith("no name server could look up")
        example.wait_for_stderr(r"master\[\d+\]: alias.test: 192.0.2.4 \n")


@needs("dnsmasq")
def test_an_answer_that_is_too_large_for_udp_comes_over_tcp():
    port = free_port()
    with dnsmasq(port), resolve(CONF, port) as example:
        found = looked_up(example, "many.test")
        assert len(found) == 32 and all(address.startswith("10.1.") for address in found)


@needs("dnsmasq")
def test_a_server_that_is_stopped_gone_and_back():
    port = free_port()
    with resolve(CONF, port) as example:
        with dnsmasq(port) as server:
            assert looked_up(example, "four.test") == {"192.0.2.4"}
            server.send_signal(signal.SIGSTOP)
            assert looked_up(example, "web.test") == 'no name server has answered for "web.test" in time'
        assert re.match(r'cannot ask a name server for "web.test": .*refused', looked_up(example, "web.test"))
        with dnsmasq(port):
            assert looked_up(example, "web.test") == {"192.0.2.1", "2001:db8::1"}


@needs("dnsmasq")
def test_the_next_server_is_asked_when_the_first_is_not_there():
    port = free_port()
    with dnsmasq(port), resolve(b"nameserver 127.0.0.9\n" + CONF, port) as example:
        assert looked_up(example, "four.test") == {"192.0.2.4"}


def test_files_that_change_are_read_again():
    with resolve(CONF, free_port()) as example:
        assert looked_up(example, "from-hosts") == {"192.0.2.77"}
        with open(os.path.join(example.place, "hosts"), "wb") as file:
            file.write(b"192.0.2.78 from-hosts\n")
        wait_until(lambda: looked_up(example, "from-hosts") == {"192.0.2.78"}, what="the new file to be read")
