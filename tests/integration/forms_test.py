"""Queries, cookies and forms: the example forms, driven by curl and by clients that misbehave."""

import contextlib
import html
import os
import re
import signal
import socket
import struct
import subprocess

from harness import (EXAMPLES, Client, Oklo, files, get, http, needs, open_fds, request, wait_until)
from ports import tcp_sockets

MIB = 1 << 20
BOUNDARY = b"----boundary"
TYPE = "multipart/form-data; boundary=" + BOUNDARY.decode()


@contextlib.contextmanager
def forms():
    """The example and the directory where it keeps files, which whoever its workers are may write to."""
    with files({}) as directory:
        os.chmod(directory, 0o777)
        with Oklo("127.0.0.1:{port}", directory, program=os.path.join(EXAMPLES, "forms")) as server:
            yield server, directory


def curl(server, path, *args):
    """The status and the body that curl gets."""
    done = subprocess.run(["curl", "-s", "--max-time", "30", "-w", "\n%{http_code}", *map(str, args),
                           f"http://127.0.0.1:{server.port}{path}"], capture_output=True, timeout=40,
                          stdin=subprocess.DEVNULL)
    body, _, code = done.stdout.rpartition(b"\n")
    return int(code), body.decode()


def items(page):
    """The lines of the list that the example makes of a form."""
    return [html.unescape(item) for item in re.findall(r"<li>(.*?)</li>", page, re.S)]


def part(name, content, file_name=None):
    head = f'--{BOUNDARY.decode()}\r\nContent-Disposition: form-data; name="{name}"'
    if file_name is not None:
        head += f'; filename="{file_name}"'
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def end():
    return b"--" + BOUNDARY + b"--\r\n"


def post(server, body, content_type=TYPE, path="/send"):
    return http(server.port, request("POST", path, body, content_type=content_type))[-1]


def content(directory, name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def peak_kb(pid):
    """The most memory that a process has had."""
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"^VmHWM:\s+(\d+)", file.read(), re.M)[1])


def unnamed_files(server, directory):
    """How many files without a name, or no more with one, its workers have open in the directory."""
    count = 0
    for pid in server.workers():
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
                count += target.startswith(directory) and target.endswith(" (deleted)")
    return count


# ---- queries and cookies

def test_a_query_is_decoded_and_escaped_in_the_page():
    with forms() as (server, _):
        assert b"Hello you, visit" in get(server.port, "/").body
        page = get(server.port, "/?x=1&name=%3Cscript%3E+%26+%22%C3%A9&name=2").body.decode()
        assert "Hello &lt;script&gt; &amp; &quot;é, visit" in page and "<script>" not in page


@needs("curl")
def test_a_cookie_keeps_a_session_over_all_workers():
    with forms() as (server, directory):
        jar = os.path.join(directory, "jar")
        for visit in range(1, 8):
            code, page = curl(server, "/", "-c", jar, "-b", jar)
            assert code == 200 and f"visit {visit}</p>" in page
        assert "visit 1</p>" in curl(server, "/")[1]


def test_a_cookie_that_was_not_given_out_begins_a_new_session():
    with forms() as (server, _):
        first = get(server.port, "/", cookie="session=mine; other=1")
        assert b"visit 1</p>" in first.body
        made = re.fullmatch(r"session=([0-9a-f]{32}); Max-Age=3600; Path=/; HttpOnly; SameSite=Lax",
                            first.field("set-cookie"))
        again = get(server.port, "/", cookie=f"a=b; session={made[1]}")
        assert b"visit 2</p>" in again.body and again.field("set-cookie") is None


# ---- forms

@needs("curl")
def test_curl_sends_urlencoded_forms():
    with forms() as (server, _):
        fields = ["--data-urlencode", "a=x & y=+%é", "--data-urlencode", "b=", "--data-urlencode", "a=2"]
        assert curl(server, "/small", *fields) == (200, "a = x & y=+%é\nb = \na = 2\n")
        code, page = curl(server, "/send", *fields)
        assert (code, items(page)) == (200, ["a = x & y=+%é", "b = ", "a = 2"])
        assert curl(server, "/small", "-F", "a=1", "-F", "f=@/dev/null;filename=x") == (200, "a = 1\n")
        assert curl(server, "/small", "-H", "Content-Type: text/plain", "-d", "a=1")[0] == 400


@needs("curl")
def test_curl_sends_files_small_and_large():
    small, large = os.urandom(1000), os.urandom(3 * MIB)
    with files({"small": small, "large": large}) as place, forms() as (server, directory):
        code, page = curl(server, "/send", "-F", "note=a<b>&\"c\"", "-F",
                          f'file=@{place}/small;filename="../../<evil> name.txt";type=text/x-test',
                          "-F", f"file=@{place}/large")
        assert code == 200 and "<evil>" not in page and "<b>" not in page
        assert items(page) == [
            'note = a<b>&"c"',
            "file: ../../<evil> name.txt, text/x-test, 1000 bytes in memory, kept as _evil_ name.txt",
            f"file: large, application/octet-stream, {3 * MIB} bytes on disk, kept as large"]
        assert sorted(os.listdir(directory)) == ["_evil_ name.txt", "large"]
        assert content(directory, "_evil_ name.txt") == small and content(directory, "large") == large
        for name in os.listdir(directory):
            assert os.stat(os.path.join(directory, name)).st_mode & 0o777 == 0o644
        again = items(curl(server, "/send", "-F", f"file=@{place}/large")[1])
        assert again[0].endswith(f"cannot save {directory}/large: File exists")
        assert content(directory, "large") == large


@needs("curl")
def test_a_file_of_50_mb_does_not_grow_the_worker():
    size = 50 * MIB
    with files({}) as place, forms() as (server, directory):
        path = os.path.join(place, "big")
        with open(path, "wb") as file:
            for _ in range(50):
                file.write(os.urandom(MIB))
        curl(server, "/send", "-F", "a=1")
        before = {pid: peak_kb(pid) for pid in server.workers()}
        for name, coding in ("sized", "Expect:"), ("chunked", "Transfer-Encoding: chunked"):
            code, page = curl(server, "/send", "-H", coding, "-F", f"file=@{path};filename={name}")
            assert code == 200 and f"{size} bytes on disk, kept as {name}" in items(page)[0]
            assert subprocess.run(["cmp", path, os.path.join(directory, name)]).returncode == 0
        for pid, kb in before.items():
            grown = peak_kb(pid) - kb
            assert grown < 2048 or os.environ.get("SAN"), f"{kb} KiB grew to {peak_kb(pid)}"
        assert unnamed_files(server, directory) == 0


def test_a_form_without_a_chosen_file_has_none():
    with forms() as (server, directory):
        page = post(server, part("note", b"x") + part("file", b"", "") + end()).body.decode()
        assert items(page) == ["note = x"] and os.listdir(directory) == []


# ---- clients that go away

def begin_upload(server, directory, sent=2 * MIB):
    """A client that has sent the first bytes of 20 MiB, which are in a file without a name."""
    head = part("file", b"", "big")[:-2]
    client = Client(server.port)
    client.send(request("POST", "/send", content_length=20 * MIB, content_type=TYPE) + head + bytes(sent))
    wait_until(lambda: unnamed_files(server, directory) == 1, what="the file")
    return client


def held_connections(port):
    """How many connections to that port a process has a file of; the kernel may keep others for a while."""
    return sum(state != "0A" and inode != 0 for state, inode in tcp_sockets(port))


def test_a_client_that_goes_away_leaves_no_file_and_no_fd():
    with forms() as (server, directory):
        get(server.port)
        wait_until(lambda: held_connections(server.port) == 0, what="the server to close its end")
        workers = server.workers()
        fds = [open_fds(pid) for pid in workers]
        for how in "close", "reset", "half":
            client = begin_upload(server, directory)
            assert os.listdir(directory) == []
            if how == "reset":
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if how == "half":
                client.end()
                assert client.closed()
            client.close()
            wait_until(lambda: [open_fds(pid) for pid in workers] == fds, what=f"the fds to go ({how})")
            assert os.listdir(directory) == []
        assert server.workers() == workers


def test_a_client_that_is_too_slow_gets_408():
    with forms() as (server, directory), begin_upload(server, directory) as client:
        answer = client.response()
        assert answer.status == 408 and answer.field("connection") == "close"
        client.close()
        wait_until(lambda: unnamed_files(server, directory) == 0, what="the file to go")


def test_a_worker_that_is_killed_leaves_no_file():
    with forms() as (server, directory), begin_upload(server, directory):
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: unnamed_files(server, directory) == 0, what="the file to go")
        assert os.listdir(directory) == []
        wait_until(lambda: len(server.workers()) == 2, what="other workers")
        assert get(server.port).status == 200


# ---- limits

def test_over_each_limit_the_answer_is_413_and_the_end():
    many = [part(f"f{i}", b"") for i in range(1001)]
    too_much = {
        "fields": b"".join(many),
        "files": b"".join(part("f", b"", "x") for _ in range(21)),
        "a field": part("a", bytes(64 * 1024 + 1)),
        "all fields": b"".join(part("a", bytes(64 * 1024)) for _ in range(17)),
        "a head": part("a" * 4096, b""),
    }
    with forms() as (server, directory):
        for what, body in too_much.items():
            answer = post(server, part("file", bytes(MIB), "x") + body + end())
            assert answer.status == 413 and answer.field("connection") == "close", what
        assert post(server, b"&".join([b"a"] * 1001), "application/x-www-form-urlencoded").status == 413
        assert len(items(post(server, b"".join(many[:1000]) + end()).body.decode())) == 1000
        wait_until(lambda: unnamed_files(server, directory) == 0, what="the files to go")


def test_a_body_over_upload_bytes_is_413_at_once_or_when_it_is_over():
    with forms() as (server, directory):
        size = 64 * MIB + 1
        announced = request("POST", "/send", content_length=size, content_type=TYPE)
        assert http(server.port, announced)[0].status == 413
        head = request("POST", "/send", transfer_encoding="chunked", content_type=TYPE)
        start = part("file", b"", "big")[:-2]
        with Client(server.port) as client:
            client.send(head + f"{len(start):x}\r\n".encode() + start + b"\r\n")
            with contextlib.suppress(ConnectionError):
                for _ in range(65):
                    client.send(f"{MIB:x}\r\n".encode() + bytes(MIB) + b"\r\n")
            assert client.response().status == 413
        wait_until(lambda: unnamed_files(server, directory) == 0, what="the file to go")
        assert os.listdir(directory) == []


def test_malformed_forms_are_400_and_what_is_no_form_415():
    good = part("a", b"1") + part("file", bytes(MIB), "x") + end()
    with forms() as (server, directory):
        for body in good[:-10], good.replace(b"form-data", b"form"), good.replace(b"name=", b"nam="), \
                b"--" + BOUNDARY + b"x" + good, b"", part("a", b"1").replace(b": ", b" ") + end():
            assert post(server, body).status == 400, body[:100]
        for kind in "application/json", "text/plain", "multipart/mixed; boundary=x":
            assert post(server, b"{}", kind).status == 415
        assert http(server.port, request("POST", "/send", b"a=1"))[0].status == 415
        for kind in "multipart/form-data", "multipart/form-data; boundary=" + "x" * 71:
            assert post(server, good, kind).status == 400
        assert get(server.port, "/send").status == 405
        wait_until(lambda: unnamed_files(server, directory) == 0, what="the files to go")
        assert os.listdir(directory) == []
