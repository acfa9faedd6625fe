"""Process mode beside base mode, of the same program: rate, latency and processor time of echoes.

Both have two workers, process mode two reactor threads in its gate besides; the server has the first two
processors, the load the others. The load is 64 connections, or one, with one message under way on each.
Runs of a second alternate, each time in the other order. Rates and times are the medians of the runs, ratios
those of the pairs, with the least and the largest; the processor time that all processes together take for a
message is the least.
"""

import os
import socket
import statistics
import subprocess

import harness
from server import BUILD, TESTEE, Server, Table, processors
from ws_client import TEXT, frame

LOAD = os.path.join(BUILD, "bench/load")
SERVERS = 2
SECONDS = 1
PAYLOAD = b"e" * 32
MODES = {"base": [], "process": ["--mode", "process", "--reactor-threads", "2"]}
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def http_answer_bytes(port):
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(REQUEST)
        answer = b""
        while not answer.endswith(b"\r\n\r\nOK"):
            answer += client.recv(4096)
        return len(answer)


def talks(port, tcp_port):
    """Work, and what the load needs to know: port, bytes of an answer, message, greeting."""
    return {"HTTP GET": (port, http_answer_bytes(port), REQUEST),
            "WebSocket": (port, len(PAYLOAD) + 2, frame(TEXT, PAYLOAD), UPGRADE),
            "TCP": (tcp_port, len(PAYLOAD), PAYLOAD)}


def load(server, connections, port, answer_bytes, *messages):
    """Answers a second, 50th and 99th percentile in microseconds, microseconds of processor time each."""
    client = processors(SERVERS)[1]
    threads = min(connections, len(client.split(",")))
    before = server.cpu_seconds()
    command = ["taskset", "-c", client, LOAD, port, connections, threads, SECONDS, answer_bytes]
    run = subprocess.run([*map(str, command), *messages], stdout=subprocess.PIPE, text=True, check=True)
    count, seconds, p50, p99 = map(int, run.stdout.split())
    return count / seconds, p50, p99, (server.cpu_seconds() - before) / count * 1e6


def start(mode):
    """A server of that mode, and its talks once it runs."""
    port, tcp_port = harness.free_port(), harness.free_port()
    command = [TESTEE, f"127.0.0.1:{port}", "--tcp", f"127.0.0.1:{tcp_port}", "--workers", "2", *MODES[mode]]
    return Server(command, port, count=SERVERS), lambda: talks(port, tcp_port)


def add(table, work, samples):
    base, process = samples["base"], samples["process"]

    def both(combine, i, form):
        return " → ".join(format(combine(run[i] for run in side), form) for side in (base, process))

    ratios = [ours[0] / theirs[0] for ours, theirs in zip(process, base)]
    table.add(work, both(statistics.median, 0, ",.0f"),
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
              both(statistics.median, 1, ",.0f"), both(statistics.median, 2, ",.0f"), both(min, 3, ".1f"))


def show(runs):
    """Measures, and prints the table."""
    table = Table("base → process", "answers a second", "ratio", "50 %, µs", "99 %, µs", "processor, µs")
    base, talks_of_base = start("base")
    process, talks_of_process = start("process")
    with base, process:
        sides = {"base": (base, talks_of_base()), "process": (process, talks_of_process())}
        for connections in (64, 1):
            for work in sides["base"][1]:
                samples = {mode: [] for mode in MODES}
                for run in range(runs):
                    for mode in MODES if run % 2 else reversed(MODES):
                        server, known = sides[mode]
                        samples[mode].append(load(server, connections, *known[work]))
                add(table, f"{work}, {connections} under way", samples)
    print(f"\nbase and process mode: two workers each, and two reactor threads, on processors "
          f"{processors(SERVERS)[0]}\n")
    table.show()
