"""Names, as clients have them looked up: the example dialer, with dnsmasq on the loopback."""

import contextlib
import re
import signal

from client_test import accept, ask, dialer, line, target
from harness import files, free_port, needs
from resolver_test import dnsmasq


@contextlib.contextmanager
def naming_dialer(name_port, *args, hosts=b""):
    """A dialer that asks name servers at that port."""
    conf = b"nameserver 127.0.0.1\noptions timeout:5 attempts:1\n"
    with files({"resolv.conf": conf, "hosts": hosts}) as place:
        words = f"resolv={place}/resolv.conf", f"hosts={place}/hosts", f"port={name_port}"
        with dialer(*args, *words) as server:
            yield server


@needs("dnsmasq")
def test_a_name_is_looked_up():
    name_port = free_port()
    with target() as listener, dnsmasq(name_port, "--host-record=here.test,127.0.0.1"):
        with naming_dialer(name_port) as server:
            server.console.send(b"open here.test:%d\n" % listener.getsockname()[1])
            with accept(listener) as peer:
                assert line(server.console) == "1 up to " + listener.text
                peer.sendall(b"found\n")
                assert line(server.console) == "1: found"
            assert line(server.console) == "1 end"
            assert ask(server, "finish 1") == "done"
            assert line(server.console) == "1 closed finished"
            assert ask(server, "open nothing.test:80").endswith(
                'failed: nothing.test:80: cannot connect to nothing.test:80: there is no host "nothing.test"')


@needs("dnsmasq")
def test_all_addresses_of_a_name_are_tried():
    name_port, closed = free_port(), free_port()
    record = "--host-record=two.test,127.0.0.1,::1"
    others = [f"--host-record=two.test,127.0.0.{number}" for number in (7, 8, 9)]
    with target() as listener, dnsmasq(name_port, record, *others), naming_dialer(name_port) as server:
        server.console.send(b"open two.test:%d\n" % listener.getsockname()[1])
        with accept(listener):
            assert line(server.console) == "1 up to " + listener.text
            answer = ask(server, f"open two.test:{closed}")
            refused = rf"2 failed: .* to two.test:{closed} at .*:{closed}: Connection refused"
            assert re.match(refused, answer), answer


@needs("dnsmasq")
def test_more_names_at_once_than_lookups_may_be():
    name_port = free_port()
    with target(backlog=4096) as listener, dnsmasq(name_port, "--host-record=here.test,127.0.0.1"):
        with naming_dialer(name_port) as server:
            assert ask(server, "many 1500 here.test:%d" % listener.getsockname()[1]) == "many: 1500 up "


def test_localhost_is_both_addresses_of_it():
    with target() as listener, naming_dialer(free_port()) as server:
        server.console.send(b"open localhost:%d\n" % listener.getsockname()[1])
        with accept(listener):
            assert line(server.console) == "1 up to " + listener.text


@needs("dnsmasq")
def test_a_name_server_that_is_silent_or_not_there():
    name_port = free_port()
    with naming_dialer(name_port) as server:
        answer = ask(server, "open web.test:80")
        assert 'cannot ask a name server for "web.test"' in answer and "refused" in answer, answer
        with dnsmasq(name_port) as names:
            names.send_signal(signal.SIGSTOP)
            assert ask(server, "open four.test:80 hasty").endswith(
                "cannot connect to four.test:80: its name was not looked up within 300 ms")
            server.console.send(b"open four.test:80\n")
            assert ask(server, "close 3") == "done"
            server.console.send(b"open four.test:80\n")
            assert ask(server, "close 9") == "no"
            assert server.stop() == 0


def test_a_process_of_the_programs_own_looks_names_up_too():
    with target() as listener:
        port = listener.getsockname()[1]
        with naming_dialer(free_port(), f"web:{port}", hosts=b"127.0.0.99 web\n127.0.0.1 web\n"):
            with accept(listener) as peer:
                assert peer.recv(100) == b"hello\n"
