"""oklo bench: load on servers that behave, and on some that each do one thing wrong."""

import contextlib
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import threading

from harness import EXAMPLES, OKLO, Oklo, free_port, let_pass, open_fds, run_oklo, wait_until

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
ERRORS = {"refused", "unreachable", "no_port", "no_file", "connect_timeout", "reset", "closed", "timeout",
          "bad_status", "bad_answer", "wrong_echo"}


def bench(url, *flags, duration="300ms", code=0):
    """What came of a load, from its JSON."""
    done = run_oklo("bench", url, "--json", "--duration", duration, *flags, timeout=30)
    assert (done.returncode, done.stderr) == (code, ""), done
    outcome = json.loads(done.stdout)
    assert set(outcome["error_kinds"]) == ERRORS, outcome
    assert sum(outcome["error_kinds"].values()) == outcome["errors"], outcome
    return outcome


def only(outcome, kind):
    """There were errors of that kind alone, and no answer."""
    assert outcome["error_kinds"][kind] == outcome["errors"] > 0, outcome
    assert outcome["answers"] == outcome["served"] == 0, outcome


@contextlib.contextmanager
def played(play):
    """The port of a server that plays so on each connection, a socket, and closes it then."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def one(client):
        with client, contextlib.suppress(OSError):
            play(client)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def answering(answer):
    """Sends that for each request, until the client ends."""
    def play(client):
        while client.recv(65536):
            client.sendall(answer)
    return play


def to_end(client):
    while client.recv(65536):
        pass


def serving():
    return Oklo("serve", "127.0.0.1:{port}", "{root}", "--workers", 1, "--control", "off",
                root={"index.html": b"hello", "large": b"x" * 1_000_000})


# ---- what behaves

def test_http():
    with serving() as oklo:
        for flags in [], ["--threads", 1, "--connections", 1], ["--pipeline", 8], ["--rate", 500]:
            outcome = bench(f"http://127.0.0.1:{oklo.port}/", *flags)
            assert outcome["answers"] > 0 and outcome["errors"] == outcome["other_length"] == 0, outcome
            assert outcome["served"] >= 1 and outcome["connects"] >= outcome["served"], outcome
            latency = [outcome["latency_us"][name] for name in ("p50", "p90", "p99", "p99_9", "max")]
            assert latency[0] > 0 and latency == sorted(latency), outcome
            assert 0 <= outcome["busy"] <= 1.1 and isinstance(outcome["lower_bound"], bool)
        large = bench(f"http://localhost:{oklo.port}/large", "--connections", 2)
        assert large["received_bytes"] > large["answers"] * 1_000_000 > 0 and large["errors"] == 0


def test_messages_come_back():
    with Oklo("127.0.0.1:{port}", program=os.path.join(EXAMPLES, "ws_echo")) as oklo:
        for flags in [], ["--message-bytes", 5000, "--pipeline", 4], ["--message-bytes", 1]:
            outcome = bench(f"ws://127.0.0.1:{oklo.port}/", *flags)
            assert outcome["answers"] > 0 and outcome["errors"] == 0, outcome
    with Oklo("127.0.0.1:{port}", program=os.path.join(EXAMPLES, "tcp_echo")) as oklo:
        for flags in ([], ["--message-bytes", "100k", "--pipeline", 4], ["--message-bytes", 1],
                      ["--rate", 300]):
            outcome = bench(f"tcp://127.0.0.1:{oklo.port}", *flags)
            assert outcome["answers"] > 0 and outcome["errors"] == 0, outcome


def test_what_it_prints_for_people():
    with serving() as oklo:
        url = f"http://127.0.0.1:{oklo.port}/"
        done = run_oklo("bench", url, "--duration", "300ms", "--connections", 3, "--tally", "Content-Type")
        assert done.returncode == 0 and not done.stderr, done
        assert done.stdout.startswith(f"{url}: 3 connections, 2 threads, for 300ms\nanswers "), done
        for line in "latency     50 % ", "errors      none\n", "tally       3 connections: text/html":
            assert line in done.stdout, done.stdout


def test_idle_and_slow_connections():
    with serving() as oklo:
        outcome = bench(f"http://127.0.0.1:{oklo.port}/", "--idle", 20, "--slow", 2, duration="2s")
        assert outcome["errors"] == outcome["idle_lost"] == 0 and outcome["slow_answers"] > 0, outcome
        assert outcome["connects"] == 20 + 2 + 64 and outcome["served"] == 64, outcome


def test_fields_of_the_request():
    asked = []

    def play(client):
        asked.append(client.recv(65536))
        client.sendall(ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    with played(play) as port:
        flags = "--header", "X-One: 1", "--header", "Host: example.org", "--header", "Connection: close"
        outcome = bench(f"http://127.0.0.1:{port}/", "--connections", 1, *flags)
        assert outcome["errors"] == 0 and outcome["connects"] >= outcome["answers"] > 0, outcome
    assert set(asked) == {b"GET / HTTP/1.1\r\nHost: example.org\r\nX-One: 1\r\nConnection: close\r\n\r\n"}


def test_fields_that_cannot_be_sent():
    for line in "", "X", ": 1", "X Y: 1", "X: a\rb", "Content-Length: 3", "upgrade: h2c", "Host: a b":
        done = run_oklo("bench", "http://127.0.0.1/", "--header", line)
        assert done.returncode == 100 and "--header" in done.stderr, done


# ---- what does not

def test_each_kind_of_error():
    url = "http://127.0.0.1:{}/"

    def after_request(then):
        def play(client):
            client.recv(65536)
            then(client)
        return play

    def reset(client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    plays = [("closed", after_request(lambda client: None)),
             ("closed", after_request(lambda client: client.sendall(ANSWER[:-1]))),
             ("reset", after_request(reset)),
             ("bad_status", answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
             ("bad_answer", answering(b"220 mail.example.org ESMTP\r\n")),
             ("bad_answer", answering(ANSWER.replace(b"5", b"five"))),
             ("bad_answer", answering(ANSWER.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked"))),
             ("timeout", to_end)]
    for kind, play in plays:
        with played(play) as port:
            only(bench(url.format(port), "--timeout", "100ms", "--connections", 2, code=1), kind)
    only(bench(url.format(free_port()), code=1), "refused")


def test_errors_of_echoes():
    def changing(client):
        while data := client.recv(65536):
            client.sendall(data.swapcase())

    with played(changing) as port:
        only(bench(f"tcp://127.0.0.1:{port}", code=1), "wrong_echo")
    with serving() as oklo:
        only(bench(f"ws://127.0.0.1:{oklo.port}/", code=1), "bad_status")
        only(bench(f"tcp://127.0.0.1:{oklo.port}", code=1), "wrong_echo")


def test_answers_beside_errors_are_no_failure():
    def once(client):
        client.recv(65536)
        client.sendall(ANSWER)
        client.recv(65536)

    with played(once) as port:
        outcome = bench(f"http://127.0.0.1:{port}/")
        assert outcome["answers"] > 0 and outcome["error_kinds"]["closed"] == outcome["errors"] > 0, outcome


def test_connections_that_are_closed_as_announced_are_opened_again():
    def close(client):
        client.recv(65536)
        client.sendall(ANSWER.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))

    with played(close) as port:
        outcome = bench(f"http://127.0.0.1:{port}/", "--connections", 4)
        assert outcome["connects"] >= outcome["answers"] > 4 and outcome["errors"] == 0, outcome


def test_one_that_serves_a_connection_at_a_time():
    turn = threading.Lock()

    def blocking(client):
        with turn:
            answering(ANSWER)(client)

    with played(blocking) as port:
        outcome = bench(f"http://127.0.0.1:{port}/", "--connections", 10)
        assert (outcome["served"], outcome["unanswered"], outcome["errors"]) == (1, 10, 0), outcome


# ---- the open loop

def test_a_rate_is_a_number_of_requests():
    with serving() as oklo:
        outcome = bench(f"http://127.0.0.1:{oklo.port}/", "--rate", 400, duration="1s")
        due = 400 * outcome["seconds"]
        assert due - 2 < outcome["answers"] + outcome["unanswered"] < due + 2, outcome
        assert outcome["latency_us"]["count"] == outcome["answers"] + outcome["unanswered"], outcome


def test_requests_that_were_due_while_the_server_stood_still_count():
    """A connection, and a server that keeps the first answer of the load for half a second: in a closed loop
    one request was slow, in an open one all that were due meanwhile."""
    def late(client):
        client.recv(65536)
        client.sendall(ANSWER)
        client.recv(65536)
        let_pass(0.5)
        client.sendall(ANSWER)
        answering(ANSWER)(client)

    with played(late) as port:
        flags = [f"http://127.0.0.1:{port}/", "--connections", 1]
        opened = bench(*flags, "--rate", 200, duration="1s")
        assert opened["latency_us"]["p90"] > 100_000, opened
        closed = bench(*flags, duration="1s")
        assert closed["latency_us"]["max"] > 400_000, closed


def test_a_server_that_stands_still_all_the_time():
    with serving() as oklo:
        for pid in oklo.owners():
            os.kill(pid, signal.SIGSTOP)
        outcome = bench(f"http://127.0.0.1:{oklo.port}/", "--rate", 1000, code=1)
        for pid in oklo.owners():
            os.kill(pid, signal.SIGCONT)
        assert outcome["answers"] == 0 and outcome["unanswered"] >= 300, outcome
        assert outcome["latency_us"]["count"] == outcome["unanswered"], outcome
        assert outcome["latency_us"]["max"] >= 290_000, outcome


# ---- the command

def test_it_ends_early_and_prints_what_there_is():
    with serving() as oklo:
        for number in signal.SIGINT, signal.SIGTERM:
            command = [OKLO, "bench", f"http://127.0.0.1:{oklo.port}/", "--duration", "1h", "--json"]
            run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
            wait_until(lambda: open_fds(run.pid) > 64, what="the load to begin")
            run.send_signal(number)
            stdout, stderr = run.communicate(timeout=10)
            outcome = json.loads(stdout)
            assert (run.returncode, stderr) == (0 if outcome["answers"] else 1, b"")
            assert outcome["seconds"] < 3600 and outcome["connects"] > 0


def read_terminal(leader):
    """All that was written to its other end, which is closed: reading fails at the end of it."""
    seen = b""
    with contextlib.suppress(OSError):
        while piece := os.read(leader, 65536):
            seen += piece
    os.close(leader)
    return seen


def test_a_terminal_is_told_how_it_goes():
    with serving() as oklo:
        leader, follower = pty.openpty()
        command = [OKLO, "bench", f"http://127.0.0.1:{oklo.port}/", "--duration", "1100ms"]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=follower,
                             timeout=20)
        os.close(follower)
        seen = read_terminal(leader)
        assert run.returncode == 0 and b"answers" in run.stdout
        assert b" answers, " in seen and b" a second" in seen and seen.endswith(b"\r\x1b[K"), seen


def test_wrong_usage():
    for words, text in (([], "which URL?"), (["https://127.0.0.1/"], "https is not spoken here"),
                        (["wss://127.0.0.1/"], "wss is not spoken here"),
                        (["127.0.0.1"], "must begin with http://"),
                        (["tcp://127.0.0.1"], "HOST:PORT"), (["http://h/", "--rate", "0"], "bad value"),
                        (["http://h/", "--duration", "10"], "bad value"),
                        (["http://h/", "--conections", "1"], "did you mean --connections?")):
        done = run_oklo("bench", *words)
        assert done.returncode == 100 and text in done.stderr and not done.stdout, done
    done = run_oklo("bench", "http://no-such-host.invalid/")
    assert done.returncode == 1 and done.stderr.startswith("oklo: bench: "), done


def test_too_few_files_are_told():
    few = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    script = f'ulimit -n 100; exec /proc/self/fd/9 bench http://127.0.0.1:{free_port()}/ --connections 1000'
    with open(OKLO, "rb") as program:
        done = subprocess.run([*few, "sh", "-c", script], capture_output=True, text=True, timeout=20,
                              preexec_fn=lambda: os.dup2(program.fileno(), 9), close_fds=False)
    assert done.returncode == 1 and not done.stdout, done
    assert done.stderr == ("oklo: bench: this process may have 100 files open, and so many connections need "
                           "1066; see ulimit -n\n"), done
