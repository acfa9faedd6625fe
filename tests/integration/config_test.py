"""The configuration file: oklo start runs what it says."""

import contextlib
import json
import os
import resource
import signal
import socket

from configured import SITE, UnixClient, check, example, faults, place, start
from harness import Client, alive, descendants, free_port, get, kept, mode, needs, run_oklo, title, wait_until
from ws_client import WebSocket

# The example of oklo.conf(5) and of the design, with ports of its own.
EXAMPLE = """
workers 2
tasks   2
user    65534
access_log access.log
control ${PLACE}/control          # a path in the environment

listen http 127.0.0.1:{http} {
    header X-Content-Type-Options nosniff
    route /           { files www; index index.html; listing on; header Cache-Control no-cache }
    route /chat       { room lobby; same_origin on }
    route /ws         { echo; subprotocols a b }
    route /status     { status }
    route /old/*rest  { redirect /new/ 301 }
    route /robots.txt { text "User-agent: *\\nDisallow: /\\n" }
    route /page/:name { text "<p>"; header Content-Type text/html }
}
listen tcp 127.0.0.1:{tcp} { echo; idle_time 5m }
listen tcp unix:lines { echo; delimiter "\\n"; message_bytes 16 }
listen tcp unix:frames { echo; length_bytes 2; length_at 1; length_header 4; message_bytes 16 }
listen udp 127.0.0.1:{udp} { echo; packet_bytes 512 }
"""


def test_every_listener_of_the_example_serves():
    http, tcp, udp = free_port(), free_port(), free_port()
    with place(SITE) as path:
        example(path, EXAMPLE, http=http, tcp=tcp, udp=udp)
        done = check(path, env={"PLACE": path})
        assert (done.returncode, done.stdout) == (0, "oklo.conf is right: 5 listeners\n"), done
        with start(path, http) as oklo:
            oklo.wait_for_stderr(
                rf"listening on 127\.0\.0\.1:{http} 127\.0\.0\.1:{tcp} unix:\S+/lines unix:\S+/frames 127")
            the_routes_answer(http)
            the_websockets_answer(http)
            the_echoes_answer(path, tcp, udp)
            titles = [title(pid) for pid in descendants(oklo.pid)]
            assert "oklo: task worker 2" in titles and "oklo: worker 2" in titles
            done = run_oklo("status", "--control", os.path.join(path, "control"))
            assert done.returncode == 0 and f"listens on 127.0.0.1:{http} " in done.stdout, done
        with open(os.path.join(path, "access.log")) as log:
            assert "GET /a.txt HTTP/1.1" in log.read()


def the_routes_answer(port):
    front = get(port)
    assert (front.status, front.body, front.field("cache-control")) == (200, b"front", "no-cache")
    for target in "/", "/a.txt", "/robots.txt", "/page/x", "/old/x", "/none":
        assert get(port, target).field("x-content-type-options") == "nosniff", target
    assert b"b.txt" in get(port, "/sub/").body
    assert get(port, "/a.txt").field("content-type") == "text/plain; charset=utf-8"
    moved = get(port, "/old/a/b", method="POST")
    assert (moved.status, moved.field("location")) == (301, "/new/")
    robots = get(port, "/robots.txt")
    assert robots.body == b"User-agent: *\nDisallow: /\n"
    assert robots.field("content-type") == "text/plain; charset=utf-8"
    page = get(port, "/page/x")
    assert (page.body, page.field("content-type")) == (b"<p>", "text/html")
    assert get(port, "/robots.txt", method="DELETE").status == 405
    assert json.loads(get(port, "/status").body)["generation"] == 1


def the_websockets_answer(port):
    with WebSocket(port, "/chat") as one, WebSocket(port, "/chat") as other:
        def heard():
            one.send("hello")
            return one.receive() == other.receive() == "hello"
        assert heard() and heard()
        one.send(b"\0bytes")
        assert other.receive() == b"\0bytes"
    with WebSocket(port, "/ws") as echo:
        echo.send("to you")
        assert echo.receive() == "to you"
    assert get(port, "/chat").status == 426


def the_echoes_answer(path, tcp, udp):
    with Client(tcp) as client:
        assert client.send(b"over TCP").read(8) == b"over TCP"
    with UnixClient(path, "lines") as lines:
        assert lines.send(b"a\nbc\nd").read(5) == b"a\nbc\n"
        assert lines.send(b"longer than sixteen bytes").closed()
    with UnixClient(path, "frames") as frames:
        assert frames.send(b"k\0\3habck\0\0hk").read(11) == b"k\0\3habck\0\0h"
        assert frames.send(b"\0\x0dh").closed()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.connect(("127.0.0.1", udp))

        def answered():
            client.send(b"x" * 600)
            with contextlib.suppress(TimeoutError):
                return client.recv(65536) == b"x" * 512
        wait_until(answered, what="an echo over UDP")


GUARDED = """
workers 2
user 65534
control off
address_connections 2
address_requests 1
address_burst 3
address_except 127.0.0.1 127.0.0.2
listen http 127.0.0.1:{http} {
    deny 127.0.0.3
    route /        { text all }
    route /few     { text few; allow 127.0.0.1 }
    route /files   { files www; deny 127.0.0.1; allow 127.0.0.2 }
    route /status  { status }
}
listen http 127.0.0.1:{proxied} {
    proxy_protocol 127.0.0.1
    deny 192.0.2.0/24
    route / { text proxied; deny 198.51.100.7; allow all }
}
listen tcp 127.0.0.1:{tcp} { echo; allow 127.0.0.1 }
listen udp 127.0.0.1:{udp} { echo; deny 127.0.0.2 }
"""


def test_who_may_come_in_and_how_often():
    ports = {name: free_port() for name in ("http", "proxied", "tcp", "udp")}
    with place(SITE) as path:
        example(path, GUARDED, **ports)
        with start(path, ports["http"]):
            targets = "/", "/few", "/files/a.txt"
            assert [status(ports["http"], target) for target in targets] == [200, 200, 403]
            assert [status(ports["http"], target, "127.0.0.2") for target in targets] == [200, 403, 200]
            assert status(ports["http"], "/", "127.0.0.3") is None
            wait_until(lambda: status(ports["http"], "/", "127.0.0.4") == 429, what="one request too many")
            guest = "127.0.0.5"
            with Client(ports["http"], source=guest) as one, Client(ports["http"], source=guest) as other:
                assert one.get().status == other.get().status == 200
                assert status(ports["http"], "/", guest) is None
            the_proxy_says_for_whom_it_comes(ports["proxied"])
            assert echoed(ports["tcp"], "127.0.0.1") and not echoed(ports["tcp"], "127.0.0.2")
            for source in "127.0.0.1", "127.0.0.2":
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.bind((source, 0))
                    client.sendto(b"x", ("127.0.0.1", ports["udp"]))
                    if source == "127.0.0.1":
                        assert client.recv(10) == b"x"
            wait_until(lambda: json.loads(get(ports["http"], "/status").body)["packets_refused"] == 1,
                       what="what one may not send to be counted")


WATCHED = """
workers 2
user 65534
control off
listen http 127.0.0.1:{http} {
    proxy_protocol 127.0.0.1
    route /status      { status }
    route /metrics     { metrics; allow 203.0.113.0/24 127.0.0.1 }
    route /connections { connections; deny 127.0.0.2 }
    route /healthz     { healthz; allow all }
    route /readyz      { readyz; allow all; deny unix }
}
"""


def test_what_tells_of_the_service_is_for_this_host_unless_allowed():
    port = free_port()
    with place({}) as path:
        example(path, WATCHED, http=port)
        with start(path, port):
            def told(target, peer="127.0.0.1"):
                with Client(port) as client:
                    return client.send(proxy_header(peer)).get(target, connection="close")
            assert len(json.loads(told("/status").body)["workers"]) == 2
            assert b"# TYPE oklo_requests_total counter" in told("/metrics").body
            assert len(json.loads(told("/connections?limit=1").body)["connections"]) == 1
            assert told("/connections?sort=colour").status == 400
            assert told("/healthz").body == b"ok\n" and told("/readyz").body == b"ready\n"
            targets = "/status", "/metrics", "/connections", "/healthz", "/readyz"
            assert [told(target, "127.0.0.2").status for target in targets] == [200, 403, 403, 200, 200]
            assert [told(target, "203.0.113.7").status for target in targets] == [403, 200, 403, 200, 200]


def proxy_header(peer):
    return f"PROXY TCP4 {peer} 127.0.0.1 5000 80\r\n".encode()


def the_proxy_says_for_whom_it_comes(port):
    assert status(port, "/", header=proxy_header("203.0.113.9")) == 200
    assert status(port, "/", header=proxy_header("198.51.100.7")) == 403
    assert status(port, "/", header=proxy_header("192.0.2.1")) is None
    assert status(port, "/") is None
    assert status(port, "/", "127.0.0.2", header=proxy_header("203.0.113.9")) is None


def status(port, target, source="127.0.0.1", header=b""):
    """Of the answer to one who comes from there; None when he is closed without one."""
    with Client(port, source=source) as client, contextlib.suppress(EOFError, ConnectionError):
        return client.send(header).get(target, connection="close").status
    return None


def echoed(port, source):
    with Client(port, source=source) as client, contextlib.suppress(EOFError, ConnectionError):
        return client.send(b"x").read(1) == b"x"
    return False


def test_includes_and_variables():
    first, second = free_port(), free_port()
    content = {
        "oklo.conf": b"include ${SITES:-sites}/*.conf\nworkers ${WORKERS:-1}\ncontrol off\nuser 65534\n",
        "sites/b.conf": b"listen http 127.0.0.1:${SECOND} { include ../routes }\n",
        "sites/a.conf": b"listen http 127.0.0.1:${FIRST} { route / { text first } }\n",
        "sites/c.conf~": b"nonsense",
        "routes": b"route / { text second }\nroute /files { files sites }\n",
    }
    ports = {"FIRST": str(first), "SECOND": str(second)}
    with place(content) as path:
        assert faults(check(path)) == [
            "sites/a.conf:1:23: the environment has no FIRST; ${FIRST:-DEFAULT} does without",
            "sites/b.conf:1:23: the environment has no SECOND; ${SECOND:-DEFAULT} does without"]
        assert check(path, env=ports).returncode == 0
        with start(path, second, env={**ports, "WORKERS": "3"}) as oklo:
            oklo.wait_for_stderr(rf"listening on 127\.0\.0\.1:{first} 127\.0\.0\.1:{second}\n")
            assert get(first).body == b"first" and get(second).body == b"second"
            assert b"listen http" in get(second, "/files/a.conf").body
            wait_until(lambda: len(oklo.workers()) == 3, what="three workers")
        with open(os.path.join(path, "sites/a.conf"), "a") as file:
            file.write("include ../oklo.conf\n")
        assert any("includes" in line for line in faults(check(path, env=ports)))


JAILED = """
workers 1
user 65534
group 7
chroot jail
control off
error_log errors.log
access_log syslog:local3:${DAEMON}
listen http 127.0.0.1:{http} { route / { files www } }
"""


@needs("root")
def test_group_root_and_logs():
    port = free_port()
    with place({"jail/www/index.html": b"jailed"}) as path, contextlib.closing(
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as log:
        log.bind(os.path.join(path, "daemon"))
        log.settimeout(10)
        example(path, JAILED, http=port)
        with start(path, port, env={"DAEMON": os.path.join(path, "daemon")}) as oklo:
            assert get(port).body == b"jailed"
            assert log.recv(65536).startswith(b"<158>")
            for pid in oklo.workers() + oklo.owners():
                assert os.readlink(f"/proc/{pid}/root") == os.path.join(path, "jail")
                assert os.stat(f"/proc/{pid}").st_gid == 7
        with open(os.path.join(path, "errors.log")) as errors:
            assert "stopped" in errors.read()


@needs("setpriv", "root")
def test_open_files_are_as_many_as_the_connections_want_or_that_is_told():
    port = free_port()
    conf = f"workers 1\ncontrol off\nconnections 3000\nuser 65534\nlisten tcp 127.0.0.1:{port} {{ echo }}\n"
    few = ["sh", "-c", 'ulimit -n 256 && exec "$0" "$@"']
    few_for_good = ["sh", "-c", 'ulimit -n 256 && exec setpriv --bounding-set -sys_resource "$0" "$@"']
    with place({"oklo.conf": conf.encode()}) as path:
        with start(path, port, prefix=few_for_good) as oklo:
            oklo.wait_for_stderr("capped by the limit of open files, 256: each (worker|thread) takes .* not")
        if not may_raise_limits():
            return
        with start(path, port, prefix=few) as oklo:
            assert resource.prlimit(oklo.owners()[0], resource.RLIMIT_NOFILE)[0] > 3000
            assert "capped" not in oklo.stderr()


def may_raise_limits():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard - 1), hard - 1))
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    except (ValueError, PermissionError):
        return False
    return True


@needs("systemd-socket-activate")
def test_a_socket_that_is_passed():
    port = free_port()
    conf = b"workers 1\ncontrol off\nuser 65534\nlisten http fd:web { route / { text passed } }\n"
    prefix = ["systemd-socket-activate", "-E", f"OKLO_MODE={mode()}", f"--listen=127.0.0.1:{port}",
              "--fdname=web"]
    with place({"oklo.conf": conf}) as path:
        with start(path, port, prefix=prefix, wait=False) as oklo:
            oklo.wait_for_stderr("Listening on")
            assert get(port).body == b"passed"
            oklo.wait_for_stderr(rf"oklo: listening on 127\.0\.0\.1:{port}\n")


def test_the_mode_of_the_file():
    port = free_port()
    conf = (f"mode process\nreactor_threads 2\nworkers 1\ncontrol off\nuser 65534\n"
            f"listen tcp 127.0.0.1:{port} {{ echo }}\n")
    with place({"oklo.conf": conf.encode()}) as path:
        with start(path, port, prefix=["env", "-u", "OKLO_MODE"]) as oklo:
            with Client(port) as client:
                assert client.send(b"x").read(1) == b"x"
            titles = [title(pid) for pid in descendants(oklo.pid)]
            assert "oklo: gate" in titles and "oklo: manager" in titles


def test_in_the_background_with_relative_paths():
    port = free_port()
    conf = f"workers 1\nuser 65534\nlisten http 127.0.0.1:{port} {{ route / {{ files www }} }}\n"
    with place({"oklo.conf": conf.encode(), **SITE}) as path:
        done = run_oklo("start", "-d", "--pid-file", "pid", "--control", "control", cwd=path)
        assert done.returncode == 0, done
        with open(os.path.join(path, "pid")) as file:
            pid = int(file.read())
        try:
            assert get(port).body == b"front"
            control = os.path.join(path, "control")
            assert run_oklo("reload", "--control", control).returncode == 0
            assert get(port, "/a.txt").body == b"a"
            assert kept(pid)
            assert run_oklo("stop", "--control", control).returncode == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not alive(pid), what="the daemon to end")
