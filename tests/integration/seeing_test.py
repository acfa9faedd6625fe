"""What is seen of a running oklo: metrics, health, connections, also while its workers are stopped."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess

import metrics
from harness import (Client, connections, descendants, get, mode, needs, request, run_oklo,
                     wait_until)
from observed import allow_many_files, ask, control, demo, stopped
from ws_client import WebSocket

HELLO = request("GET", "/hello/you")


def value(samples, name, **labels):
    return samples[name, frozenset(labels.items())]


# ---- metrics

def test_metrics_count_what_happens():
    with demo("--workers", 2) as oklo, Client(oklo.port) as client, WebSocket(oklo.port, "/chat/ws"):
        for _ in range(20):
            assert client.get("/hello/you").status == 200
        answer = client.get("/metrics")
        assert answer.status == 200
        assert answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8"
        samples, types = metrics.read(answer.body.decode())
        assert value(samples, "oklo_requests_total") >= 20
        assert types["oklo_http_answer_seconds"] == "histogram"
        assert 20 <= value(samples, "oklo_http_answer_seconds_count") <= 24
        assert value(samples, "oklo_http_answer_seconds_sum") > 0
        assert value(samples, "oklo_connections", kind="http") == 1
        assert value(samples, "oklo_connections", kind="websocket") == 1
        assert value(samples, "oklo_processes", role="worker", state="ready") == 2
        assert value(samples, "oklo_build_info", version="0.1.0", mode=mode()) == 1
        assert value(samples, "oklo_ready") == 1
        assert ("oklo_gate_packets_dropped_total" in types) == (mode() == "process")
        assert "oklo_tasks_queued" in types


def test_the_command_tells_the_same_families():
    with demo("--workers", 1) as oklo:
        ours = metrics.read(ask(oklo, "metrics"))
        theirs = metrics.read(get(oklo.port, "/metrics").body.decode())
        assert ours[1] == theirs[1] and ours[0].keys() == theirs[0].keys()


def test_what_waits_to_be_accepted_is_told():
    with demo("--workers", 2) as oklo, contextlib.ExitStack() as stack:
        def queues(name):
            samples = metrics.read(ask(oklo, "metrics"))[0]
            return {dict(labels)["owner"]: number for (of, labels), number in samples.items() if of == name}
        with stopped(descendants(oklo.pid)):
            for _ in range(30):
                stack.enter_context(Client(oklo.port)).send(HELLO)
            wait_until(lambda: sum(queues("oklo_accept_queue").values()) == 30, what="all that wait")
            key, word = ("workers", "worker") if mode() == "base" else ("gate", "thread")
            rows = {f"{key.rstrip('s')} {row[word]}": row
                    for row in json.loads(ask(oklo, "status", "--json"))[key]}
            assert {name: row["waiting"] for name, row in rows.items()} == queues("oklo_accept_queue")
            assert {name: row["waiting_max"] for name, row in rows.items()} == \
                queues("oklo_accept_queue_limit")
            shown = re.findall(r" (\d+)$", ask(oklo, "status").split(" waiting\n")[1].split("\n\n")[0], re.M)
            assert sum(map(int, shown[:len(rows)])) == 30, shown
        samples = metrics.read(get(oklo.port, "/metrics").body.decode())[0]
        assert [key for key in samples if key[0] == "oklo_accept_queue"], samples


@needs("promtool")
def test_promtool_has_nothing_to_say():
    with demo("--workers", 1) as oklo:
        get(oklo.port, "/hello/you")
        done = subprocess.run(["promtool", "check", "metrics"], input=ask(oklo, "metrics"), text=True,
                              capture_output=True, timeout=30)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def test_metrics_of_the_dead_are_kept_and_restarts_counted():
    with demo("--workers", 1) as oklo:
        for _ in range(5):
            get(oklo.port, "/hello/you")
        before = metrics.read(ask(oklo, "metrics"))[0]
        worker = oklo.workers()[0]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: oklo.workers() not in ([], [worker]), what="another worker")
        wait_until(lambda: get(oklo.port, "/readyz").status == 200, what="it to be ready")
        assert ask(oklo, "reload").startswith("generation 2")
        after = metrics.read(ask(oklo, "metrics"))[0]
        for name in "oklo_requests_total", "oklo_http_answer_seconds_count", "oklo_sent_bytes_total":
            assert value(after, name) >= value(before, name) > 0, name
        assert value(after, "oklo_restarts_total", role="worker") == 1
        assert value(after, "oklo_reloads_total", outcome="done") == 1
        assert value(after, "oklo_generation") == 2


def test_slow_answers_are_in_the_right_bucket():
    with demo("--workers", 1) as oklo, Client(oklo.port) as client, Client(oklo.port) as other:
        assert other.get("/hello/you").status == 200
        with stopped(oklo.workers()):
            client.send(request("GET", "/hello/you"))
            if mode() == "process":
                wait_until(lambda: value(metrics.read(ask(oklo, "metrics"))[0], "oklo_connections",
                                         kind="http") == 2, what="the request to be there")
        assert client.response().status == 200
        samples = metrics.read(ask(oklo, "metrics"))[0]
        assert value(samples, "oklo_http_answer_seconds_bucket", le="134.217728") == 2


# ---- health

def test_health_and_readiness():
    with demo("--workers", 2) as oklo:
        assert (get(oklo.port, "/healthz").status, get(oklo.port, "/readyz").status) == (200, 200)


def test_readiness_ends_when_the_service_stops():
    with demo("--workers", 1, "--shutdown-timeout", 20) as oklo, Client(oklo.port) as client:
        assert client.get("/readyz").status == 200
        # A request that is under way when the stop begins is still answered; its head is not complete before.
        client.send(b"GET /readyz HTTP/1.1\r\n")
        oklo.kill(signal.SIGTERM)
        oklo.wait_for_stderr("stopping within")
        wait_until(lambda: value(metrics.read(ask(oklo, "metrics"))[0], "oklo_ready") == 0
                   if os.path.exists(control(oklo)) else True, what="the service to say so")
        client.send(b"Host: localhost\r\n\r\n")
        assert client.response().status == 503


def test_only_this_host_is_told():
    outside = address_of_this_host()
    if not outside:
        return
    with demo("--workers", 1, address="0.0.0.0:{port}") as oklo:
        for path in "/metrics", "/connections.json", "/healthz", "/readyz":
            assert get(oklo.port, path).status == 200, path
            with Client(oklo.port, host=outside) as client:
                assert client.get(path).status == 403, path
        with Client(oklo.port, host=outside) as client:
            assert client.get("/status.json").status == 200


def address_of_this_host():
    """One that is not of the loopback, if there is one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]
    return None


# ---- connections

def test_connections_are_listed_with_what_they_are():
    with demo("--workers", 1) as oklo, Client(oklo.port) as client, WebSocket(oklo.port, "/chat/ws"):
        echo = socket.create_connection(("127.0.0.1", oklo.echo))
        echo.sendall(b"hello")
        assert echo.recv(100) == b"hello"
        client.get("/hello/you")
        client.get("/hello/you")
        listed = json.loads(ask(oklo, "connections", "--json", "--sort", "kind"))
        assert listed["left_off"] == 0
        rows = {row["kind"]: row for row in listed["connections"]}
        assert sorted(rows) == ["http", "stream", "websocket"], rows
        owner = "worker 1" if mode() == "base" else r"gate \d"
        for row in rows.values():
            assert re.fullmatch(owner, row["owner"]) and re.fullmatch(r"\d+\.\d+", row["id"]), row
            assert row["age_s"] >= row["idle_s"] >= 0 and row["queue"] == 0, row
        here = client.socket.getsockname()
        assert rows["http"]["peer"] == f"{here[0]}:{here[1]}" and rows["http"]["requests"] == 2
        assert rows["http"]["bytes_in"] == 2 * len(request("GET", "/hello/you")) < rows["http"]["bytes_out"]
        assert (rows["stream"]["bytes_in"], rows["stream"]["bytes_out"]) == (5, 5)
        table = ask(oklo, "connections", "--filter", "kind=websocket")
        lines = r"id +kind +peer .*\n\S+ +websocket +127\.0\.0\.1:\d+ .*\n1 connections\n$"
        assert re.match(lines, table), table
        echo.close()


def test_connections_are_chosen_sorted_and_bounded():
    with demo("--workers", 2) as oklo, contextlib.ExitStack() as stack:
        for count in range(1, 13):
            client = stack.enter_context(Client(oklo.port))
            for _ in range(count):
                client.get("/hello/you")

        def asked(*words):
            listed = json.loads(ask(oklo, "connections", "--json", *words))
            return [row["requests"] for row in listed["connections"]], listed["left_off"]
        assert asked("--sort", "requests") == (list(range(12, 0, -1)), 0)
        assert asked("--sort", "requests", "--limit", 3) == ([12, 11, 10], 9)
        assert len(asked("--filter", "peer=127.0.0.0/8", "--filter", "kind=http")[0]) == 12
        assert asked("--filter", "peer=10.0.0.0/8") == ([], 0)
        assert asked("--filter", "min_age=1000") == ([], 0)
        assert "10 more that were left off" in ask(oklo, "connections", "--limit", 2)
        key = "worker" if mode() == "base" else "thread"
        shares = [len(asked("--filter", f"{key}={number}")[0]) for number in range(1, 65)]
        assert sum(shares) == 12
        answer = get(oklo.port, "/connections.json?sort=requests&limit=2")
        assert [row["requests"] for row in json.loads(answer.body)["connections"]] == [12, 11]
        assert get(oklo.port, "/connections.json?sort=colour").status == 400


def test_wrong_words_for_connections():
    for words, what in (["--sort", "colour"], "age, idle"), (["--filter", "colour=red"], "known are"), \
            (["--limit", 0], "1 to 10000"), (["--filter", "peer=somewhere"], "network"):
        done = run_oklo("connections", *words)
        assert done.returncode == 100 and what in done.stderr and done.stderr.count("\n") == 1, done


def answered(port, count):
    """So many connections that have had an answer each, and the bytes of such an answer."""
    opened = []
    for _ in range(count):
        opened.append(socket.create_connection(("127.0.0.1", port), 30))
        opened[-1].sendall(HELLO)
    sizes = {len(client.recv(65536)) for client in opened}
    assert len(sizes) == 1, sizes
    return opened, sizes.pop()


def test_ten_thousand_connections_are_told_while_all_but_the_master_is_stopped():
    count = min(10_000, allow_many_files() - 500)
    with demo("--workers", 2) as oklo:
        clients, answer_bytes = answered(oklo.port, count)
        sums = {"oklo_requests_total": count, "oklo_received_bytes_total": count * len(HELLO),
                "oklo_sent_bytes_total": count * answer_bytes}
        wait_until(lambda: all(value(metrics.read(ask(oklo, "metrics"))[0], name) == sum_
                               for name, sum_ in sums.items()), what="all answers to be counted")
        with stopped(descendants(oklo.pid)):
            listed = json.loads(ask(oklo, "connections", "--json"))
            rows = listed["connections"]
            assert (len(rows), listed["left_off"]) == (count, 0)
            assert {row["peer"] for row in rows} == {"%s:%d" % client.getsockname() for client in clients}
            assert {(row["requests"], row["bytes_in"], row["bytes_out"]) for row in rows} == \
                {(1, len(HELLO), answer_bytes)}
            table = ask(oklo, "connections").splitlines()
            assert (len(table), table[-1]) == (count + 2, f"{count} connections")
            samples = metrics.read(ask(oklo, "metrics"))[0]
            assert value(samples, "oklo_connections", kind="http") == count
            assert all(value(samples, name) == sum_ for name, sum_ in sums.items())
            told = json.loads(ask(oklo, "status", "--json"))
            assert connections(told) == count == told["requests"], told
            wait_until(lambda: ask(oklo, "status").count(" stopped ") >= 2, what="the status to tell it")
        for client in clients:
            client.close()
