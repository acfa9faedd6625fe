"""TCP and UDP ports for tests."""

import contextlib
import random
import socket


def claimed(name):
    """A socket that holds this name among all tests of the host until it or its process ends, or None."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0oklo-test-{name}")
        return claim
    except OSError:
        claim.close()
        return None


def bindable(port):
    """Whether nobody uses it now, neither for TCP nor for UDP."""
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


CLAIMS = []


def free_port():
    """A port that nobody uses now and no other test gets, and nor the one behind it (the echo's).

    It is below those that the kernel gives to clients, and above 10080, which browsers shun.
    """
    while True:
        port = random.SystemRandom().randrange(10082, 32000, 2)
        if bindable(port) and bindable(port + 1) and (claim := claimed(port)):
            CLAIMS.append(claim)
            return port


def listening(port):
    """Whether a TCP socket of any address listens there; asks the kernel and does not connect."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError), open(table) as file:
            for line in file:
                fields = line.split()
                if fields[3] == "0A" and fields[1].endswith(f":{port:04X}"):
                    return True
    return False
