"""Process mode beside base mode, of the same program: rate, latency and processor time of echoes.

Both have two workers, process mode two reactor threads in its gate besides; the server has the first two
processors, the load the others. The load is oklo bench with 64 connections, or one, and one request or
message of 32 bytes under way on each. Runs of a second alternate, each time in the other order. Rates and
times are the medians of the runs, ratios those of the pairs, with the least and the largest; the processor
time that all processes together take for a message is the least.
"""

import statistics

import harness
from loads import SERVERS, bench
from server import TESTEE, Server, Table, processors

MODES = {"base": [], "process": ["--mode", "process", "--reactor-threads", "2"]}


def load(server, url, connections):
    """Answers a second, 50th and 99th percentile in microseconds, microseconds of processor time each."""
    before = server.cpu_seconds()
    outcome, _ = bench(url, connections)
    spent = server.cpu_seconds() - before
    latency = outcome["latency_us"]
    return outcome["answers_per_second"], latency["p50"], latency["p99"], spent / outcome["answers"] * 1e6


def start(mode):
    """A server of that mode, and its URL for each kind of work."""
    port, tcp_port = harness.free_port(), harness.free_port()
    command = [TESTEE, f"127.0.0.1:{port}", "--tcp", f"127.0.0.1:{tcp_port}", "--workers", "2", *MODES[mode]]
    urls = {"HTTP GET": f"http://127.0.0.1:{port}/", "WebSocket": f"ws://127.0.0.1:{port}/ws",
            "TCP": f"tcp://127.0.0.1:{tcp_port}"}
    return Server(command, port, count=SERVERS), urls


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
    sides = {mode: start(mode) for mode in MODES}
    with sides["base"][0], sides["process"][0]:
        for connections in (64, 1):
            for work in sides["base"][1]:
                samples = {mode: [] for mode in MODES}
                for run in range(runs):
                    for mode in MODES if run % 2 else reversed(MODES):
                        server, urls = sides[mode]
                        samples[mode].append(load(server, urls[work], connections))
                add(table, f"{work}, {connections} under way", samples)
    print(f"\nbase and process mode: two workers each, and two reactor threads, on processors "
          f"{processors(SERVERS)[0]}\n")
    table.show()
