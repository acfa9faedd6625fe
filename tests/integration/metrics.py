"""Reads the text format of Prometheus 0.0.4, strictly: what is not exactly as it must be is a ValueError."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
NUMBER = re.compile(r"\d+(\.\d+)?|\+Inf")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def fail(line, why):
    raise ValueError(f"{why}: {line!r}")


def read(text):
    """{(name, labels as a frozenset of pairs): value}, and {family: type}."""
    samples, types, family, helped = {}, {}, None, None
    if not text.endswith("\n"):
        fail(text[-80:], "the last line has no end")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
            if helped in types or re.search(r"\\(?![\\n])", line):
                fail(line, "a family again, or a wrong escape")
        elif line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            if family != helped or family in types or kind not in SUFFIXES:
                fail(line, "a type without its help, or none that is known")
            if kind == "counter" and not family.endswith("_total"):
                fail(line, "a counter whose name does not end with _total")
            types[family] = kind
        else:
            name, labels, value = sample(line)
            if not any(name == family + suffix for suffix in SUFFIXES[types[family]]):
                fail(line, "a sample of another family")
            if (name, labels) in samples:
                fail(line, "a sample twice")
            samples[name, labels] = value
    for name, kind in types.items():
        if kind == "histogram":
            check_histogram(name, samples)
    return samples, types


def sample(line):
    found = SAMPLE.fullmatch(line)
    if not found or not NUMBER.fullmatch(found[found.lastindex]):
        fail(line, "no sample")
    labels = re.findall(LABEL, found[2] or "")
    if len(dict(labels)) != len(labels):
        fail(line, "a label twice")
    return found[1], frozenset(labels), float(found[found.lastindex].replace("+Inf", "inf"))


def check_histogram(name, samples):
    buckets = sorted((float(dict(labels)["le"].replace("+Inf", "inf")), value)
                     for (of, labels), value in samples.items() if of == name + "_bucket")
    values = [value for _, value in buckets]
    if values != sorted(values) or buckets[-1][0] != float("inf"):
        fail(name, "buckets that do not grow to the infinite")
    if values[-1] != samples[name + "_count", frozenset()] or (name + "_sum", frozenset()) not in samples:
        fail(name, "a count that is not that of the last bucket, or no sum")
