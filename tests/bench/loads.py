"""oklo bench beside wrk: how many answers a second each gets out of the same server, and what that costs it.

The server has two workers on the first two processors, the loads the others, with a thread for each. Runs
of a second alternate, each time in the other order. Rates are the medians of the runs, ratios those of the
pairs, with the least and the largest; the processor time of the load for an answer is the least.
"""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess

import harness
from server import OKLO, ROOT, TESTEE, Server, Table, processors

SERVERS = 2
WORKS = (  # work, connections, arguments of wrk, arguments of oklo bench
    ("64 connections", 64, [], []),
    ("one connection", 1, [], []),
    ("64 connections, 16 requests under way on each", 64,
     ["-s", os.path.join(ROOT, "tests/bench/pipelined.lua")], ["--pipeline", "16"]),
)


def run(command):
    """What it prints, and the seconds of a processor that it takes."""
    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = spent()
    printed = subprocess.run(["taskset", "-c", processors(SERVERS)[1], *map(str, command)],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
    return printed, spent() - before


def bench(url, connections, *arguments):
    """An outcome, from its JSON, and the seconds of a processor; with errors it would be no measurement."""
    threads = min(connections, len(processors(SERVERS)[1].split(",")))
    printed, seconds = run([OKLO, "bench", url, "--connections", connections, "--threads", threads,
                            "--duration", "1s", "--json", *arguments])
    outcome = json.loads(printed)
    if outcome["errors"]:
        raise SystemExit(f"{url} answers with errors:\n{printed}")
    return outcome, seconds


def ours(url, connections, arguments):
    """Answers a second, and microseconds of the load's processor for each."""
    outcome, seconds = bench(url, connections, *arguments)
    return outcome["answers_per_second"], seconds / outcome["answers"] * 1e6


def wrk(url, connections, arguments):
    threads = min(connections, len(processors(SERVERS)[1].split(",")))
    printed, seconds = run(["wrk", f"-t{threads}", f"-c{connections}", "-d1s", *arguments, url])
    count, rate = (re.search(form, printed)[1] for form in (r"(\d+) requests in", r"Requests/sec: +([\d.]+)"))
    return float(rate), seconds / int(count) * 1e6


def alternate(url, connections, of_wrk, of_ours, runs):
    """The samples of wrk and ours."""
    samples = {wrk: [], ours: []}
    for number in range(runs):
        for side in (wrk, ours) if number % 2 else (ours, wrk):
            samples[side].append(side(url, connections, of_wrk if side is wrk else of_ours))
    return samples.values()


def show(runs):
    """Measures, and prints the table."""
    if not shutil.which("wrk"):
        return print("\noklo bench beside wrk: not measured, wrk is missing")
    table = Table("wrk → oklo bench", "answers a second", "ratio", "processor of the load, µs")
    port = harness.free_port()
    with Server([TESTEE, f"127.0.0.1:{port}", "--workers", "2"], port, count=SERVERS):
        for work, connections, *arguments in WORKS:
            theirs, mine = alternate(f"http://127.0.0.1:{port}/", connections, *arguments, runs)
            ratios = [a[0] / b[0] for a, b in zip(mine, theirs)]
            rates, costs = ([combine(run[i] for run in side) for side in (theirs, mine)]
                            for i, combine in enumerate((statistics.median, min)))
            table.add(work, " → ".join(f"{rate:,.0f}" for rate in rates),
                      f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                      " → ".join(f"{cost:.2f}" for cost in costs))
    print(f"\noklo bench beside wrk: on a server with two workers, on processors {processors(SERVERS)[0]}\n")
    table.show()
