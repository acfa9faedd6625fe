"""The 301 cases of the Autobahn test suite for WebSocket servers (all but those of compression), by its
numbers: what a client sends, each case on a connection of its own, and what must come back.

Written from RFC 6455 and the published descriptions of the cases. Where that suite accepts several outcomes,
this table names the strict one.
"""

import collections
import random
import struct

from ws_client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame

# steps: bytes are sent as they are, in one go; a number waits for so many frames; None: for a moment nothing
# may come.
# answers: opcode and payload of each frame that must come before the close frame of the server.
# code: what that close frame says; None when it says nothing.
# closes: the client begins the closing, with 1000, when the answers are there.
Case = collections.namedtuple("Case", "number steps answers code closes")

HELLO = b"Hello, world!"
KILO, MEGA = 1 << 10, 1 << 20
GREEK = "κ\u1f79σμε".encode()  # eleven octets
dice = random.Random(6455)


def masked_frame(opcode, payload=b"", **options):
    return frame(opcode, payload, mask=dice.randbytes(4), **options)


def chopped(data, size=1):
    return [data[at:at + size] for at in range(0, len(data), size)]


def fragments(opcode, parts):
    """A message in frames, one for each part."""
    last = len(parts) - 1
    return [masked_frame(CONTINUATION if i else opcode, part, fin=i == last) for i, part in enumerate(parts)]


def echoed(number, steps, *answers):
    """All is well, and the client closes."""
    return Case(number, steps, list(answers), 1000, True)


def refused(number, steps, *answers, code=1002):
    """The server fails the connection, and says why."""
    return Case(number, steps, list(answers), code, False)


def closed(number, steps, *answers, code=1000):
    """The closing is among the steps."""
    return Case(number, steps, list(answers), code, False)


# ---- 1: messages of all sizes

def framing():
    sizes = [(0, 0), (125, 0), (126, 0), (127, 0), (128, 0), (65535, 0), (65536, 0), (65536, 997)]
    for kind, opcode, fill in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
        for i, (size, chop) in enumerate(sizes, 1):
            data = masked_frame(opcode, fill * size)
            steps = chopped(data, chop) if chop else [data]
            yield echoed(f"1.{kind}.{i}", steps, (opcode, fill * size))


# ---- 2: pings and pongs

def pings():
    longest = b"\xfe" * 125
    for i, payload in enumerate((b"", HELLO, bytes.fromhex("00fffefdfcfb00ff"), longest), 1):
        yield echoed(f"2.{i}", [masked_frame(PING, payload)], (PONG, payload))
    yield refused("2.5", [masked_frame(PING, b"\xfe" * 126)])
    yield echoed("2.6", chopped(masked_frame(PING, longest)), (PONG, longest))
    unasked = masked_frame(PONG, b"unsolicited pong payload")
    yield echoed("2.7", [masked_frame(PONG)])
    yield echoed("2.8", [unasked])
    yield echoed("2.9", [unasked + masked_frame(PING, b"ping payload")], (PONG, b"ping payload"))
    payloads = [b"payload-%d" % i for i in range(10)]
    ten = b"".join(masked_frame(PING, payload) for payload in payloads)
    yield echoed("2.10", [ten], *[(PONG, payload) for payload in payloads])
    yield echoed("2.11", chopped(ten), *[(PONG, payload) for payload in payloads])


# ---- 3 and 4: what is reserved

def after_a_message(number, wrong, how):
    """A message that is in order, what is wrong, and a ping that is not answered any more."""
    frames = [masked_frame(TEXT, HELLO), wrong, masked_frame(PING)]
    steps = {"at once": [b"".join(frames)], "by frame": frames, "by octet": chopped(b"".join(frames))}[how]
    return refused(number, steps, (TEXT, HELLO))


def reserved_bits():
    yield refused("3.1", [masked_frame(TEXT, HELLO, reserved=1)])
    for bits, how in ((2, "at once"), (3, "by frame"), (4, "by octet")):
        yield after_a_message(f"3.{bits}", masked_frame(TEXT, HELLO, reserved=bits), how)
    yield refused("3.5", [masked_frame(BINARY, bytes.fromhex("00fffefdfcfb00ff"), reserved=5)])
    yield refused("3.6", [masked_frame(PING, HELLO, reserved=6)])
    yield refused("3.7", [masked_frame(CLOSE, struct.pack(">H", 1000), reserved=7)])


def reserved_opcodes():
    for kind, first in ((1, 3), (2, 11)):
        yield refused(f"4.{kind}.1", [masked_frame(first)])
        yield refused(f"4.{kind}.2", [masked_frame(first + 1, b"reserved opcode payload")])
        yield after_a_message(f"4.{kind}.3", masked_frame(first + 2), "at once")
        yield after_a_message(f"4.{kind}.4", masked_frame(first + 3, HELLO), "at once")
        yield after_a_message(f"4.{kind}.5", masked_frame(first + 4, HELLO), "by octet")


# ---- 5: fragments

def in_three_ways(first, kind, frames, *answers):
    for i, steps in enumerate(([b"".join(frames)], frames, chopped(b"".join(frames)))):
        yield kind(f"5.{first + i}", steps, *answers)


def fragmentation():
    for number, opcode in (("5.1", PING), ("5.2", PONG)):
        yield refused(number, [b"".join(fragments(opcode, [b"fragment1", b"fragment2"]))])
    one, two = fragments(TEXT, [b"fragment1", b"fragment2"])
    both = (TEXT, b"fragment1fragment2")
    yield from in_three_ways(3, echoed, [one, two], both)
    yield from in_three_ways(6, echoed, [one, masked_frame(PING, b"ping"), two], (PONG, b"ping"), both)
    lost = {fin: masked_frame(CONTINUATION, b"non-continuation payload", fin=fin) for fin in (True, False)}
    yield from in_three_ways(9, refused, [lost[True], masked_frame(TEXT, HELLO)])
    yield from in_three_ways(12, refused, [lost[False], masked_frame(TEXT, HELLO)])
    yield refused("5.15", [one + two + lost[False] + masked_frame(TEXT, b"fragment4")], both)
    yield refused("5.16", [(lost[False] + one + two) * 2])
    yield refused("5.17", [(lost[True] + one + two) * 2])
    yield refused("5.18", [one + masked_frame(TEXT, b"fragment2")])
    yield from pings_within_a_message()


def pings_within_a_message():
    parts = [b"fragment%d" % i for i in range(1, 6)]
    data = fragments(TEXT, parts)
    first = data[:2] + [masked_frame(PING, b"pongme 1!")]
    second = data[2:4] + [masked_frame(PING, b"pongme 2!"), data[4]]
    answers = [(PONG, b"pongme 1!"), (PONG, b"pongme 2!"), (TEXT, b"".join(parts))]
    yield echoed("5.19", [b"".join(first), 1, b"".join(second)], *answers)
    yield echoed("5.20", first + [1] + second, *answers)


# ---- 6: UTF-8

# From section to section what Markus Kuhn's UTF-8 decoder stress test has, and a little more.
UTF8_SECTIONS = {
    5: ["hello\u0024world", "hello\u00a2world", "hello\u20acworld", "hello\U00024b62world", GREEK],
    6: [GREEK[:size] for size in range(1, len(GREEK) + 1)],
    7: ["00", "c280", "e0a080", "f0908080"],
    8: ["f888808080", "fc8480808080"],
    9: ["7f", "dfbf", "efbfbf", "f48fbfbf"],
    10: ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"],
    11: ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080"],
    12: ["80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf", bytes(range(0x80, 0xbf))],
    13: [b" ".join(bytes([first]) for first in firsts) + b" " for firsts in (
        range(0xc0, 0xdf), range(0xe0, 0xef), range(0xf0, 0xf7), range(0xf8, 0xfb), range(0xfc, 0xfd))],
    14: ["c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"],
    15: ["c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"],
    16: ["fe", "ff", "fefeffff"],
    17: ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"],
    18: ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"],
    19: ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"],
    20: ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"],
    21: [high + low for high in ("eda080", "edadbf", "edae80", "edafbf") for low in ("edb080", "edbfbf")],
    22: [chr(plane << 16 | 0xfffe | odd).encode() for plane in range(17) for odd in (0, 1)],
    23: [chr(special).encode() for special in range(0xfff9, 0x10000)],
}
# Bad from the thirteenth octet: a code point above U+10FFFF.
GOOD, BAD, REST = GREEK, b"\xf4\x90\x80\x80", b"edited"


def octets_of(text):
    """Sections are written in hexadecimal, as text or as they are."""
    if isinstance(text, bytes):
        return text
    return text.encode() if text.startswith("hello") else bytes.fromhex(text)


def is_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def utf8_sections():
    for section, texts in UTF8_SECTIONS.items():
        for i, text in enumerate(texts, 1):
            data = octets_of(text)
            steps, number = [masked_frame(TEXT, data)], f"6.{section}.{i}"
            yield echoed(number, steps, (TEXT, data)) if is_utf8(data) else refused(number, steps, code=1007)


def utf8_in_fragments():
    for i, parts in enumerate(([b""], [b""] * 3, [b"", b"middle frame payload", b""]), 1):
        yield echoed(f"6.1.{i}", [b"".join(fragments(TEXT, parts))], (TEXT, b"".join(parts)))
    text = "Hello-µ@ßöäüàá-UTF-8!!".encode()
    halves = [text[:12], text[12:]]
    for i, parts in enumerate(([text], halves, chopped(text), chopped(GREEK)), 1):
        yield echoed(f"6.2.{i}", [b"".join(fragments(TEXT, parts))], (TEXT, b"".join(parts)))
    wrong = GREEK + b"\xed\xa0\x80" + REST
    yield refused("6.3.1", [masked_frame(TEXT, wrong)], code=1007)
    yield refused("6.3.2", [b"".join(fragments(TEXT, chopped(wrong)))], code=1007)


def utf8_fails_fast():
    """The end of the message is never sent: the byte that is wrong must be enough."""
    whole = GOOD + BAD + REST
    frames = fragments(TEXT, [GOOD, BAD, REST])
    yield refused("6.4.1", [frames[0], None, frames[1]], code=1007)
    frames = fragments(TEXT, [whole[:12], whole[12:13], whole[13:]])
    yield refused("6.4.2", [frames[0], None, frames[1]], code=1007)
    data = masked_frame(TEXT, whole)
    start = len(data) - len(whole)
    yield refused("6.4.3", [data[:start + 11], None, data[start + 11:start + 15]], code=1007)
    yield refused("6.4.4", [data[:start + 12], None, data[start + 12:start + 13]], code=1007)


def utf8():
    yield from utf8_in_fragments()
    yield from utf8_fails_fast()
    yield from utf8_sections()


# ---- 7: closing

def closing():
    goodbye = close_frame(1000)
    yield echoed("7.1.1", [masked_frame(TEXT, HELLO)], (TEXT, HELLO))
    yield closed("7.1.2", [goodbye + goodbye])
    yield closed("7.1.3", [goodbye + masked_frame(PING)])
    yield closed("7.1.4", [goodbye + masked_frame(TEXT, HELLO)])
    one, two = fragments(TEXT, [b"fragment1", b"fragment2"])
    yield closed("7.1.5", [one + goodbye + two])
    large = b"BAsd7&jh23" * 26215
    data = masked_frame(TEXT, large[:256 * KILO]) + masked_frame(TEXT, HELLO) + goodbye + masked_frame(PING)
    yield closed("7.1.6", [data], (TEXT, large[:256 * KILO]), (TEXT, HELLO))
    yield closed("7.3.1", [close_frame()], code=None)
    yield refused("7.3.2", [masked_frame(CLOSE, b"a")])
    for i, reason in enumerate((b"", b"Hello World!", b"*" * 123), 3):
        yield closed(f"7.3.{i}", [close_frame(1000, reason)])
    yield refused("7.3.6", [close_frame(1000, b"*" * 124)])
    yield refused("7.5.1", [close_frame(1000, GREEK + b"\xed\xa0\x80" + REST)], code=1007)


def close_codes():
    """Of 1012 to 1015, about which versions of that suite and the IANA registry differ, it has none."""
    good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
    for i, code in enumerate(good, 1):
        yield closed(f"7.7.{i}", [close_frame(code)], code=code)
    for i, code in enumerate([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999], 1):
        yield refused(f"7.9.{i}", [close_frame(code)])
    for i, code in enumerate([5000, 65535], 1):
        yield refused(f"7.13.{i}", [close_frame(code)])


# ---- 9 and 10: large and many messages

def filled(size):
    return (b"BAsd7&jh23" * (size // 10 + 1))[:size]


def large_messages():
    for kind, opcode in ((1, TEXT), (2, BINARY)):
        for i, size in enumerate((64 * KILO, 256 * KILO, MEGA, 4 * MEGA, 8 * MEGA, 16 * MEGA), 1):
            yield echoed(f"9.{kind}.{i}", [masked_frame(opcode, filled(size))], (opcode, filled(size)))


def large_messages_in_fragments():
    whole = filled(4 * MEGA)
    for kind, opcode in ((3, TEXT), (4, BINARY)):
        for i in range(9):
            data = b"".join(fragments(opcode, chopped(whole, 64 << 2 * i)))
            yield echoed(f"9.{kind}.{i + 1}", [data], (opcode, whole))
    whole = b"*" * 65536
    yield echoed("10.1.1", [b"".join(fragments(TEXT, chopped(whole, 1300)))], (TEXT, whole))


def large_messages_in_chops():
    for kind, opcode in ((5, TEXT), (6, BINARY)):
        for i in range(6):
            steps = chopped(masked_frame(opcode, filled(MEGA)), 64 << i)
            yield echoed(f"9.{kind}.{i + 1}", steps, (opcode, filled(MEGA)))


def round_trips():
    for kind, opcode, fill in ((7, TEXT, b"*"), (8, BINARY, b"\xfe")):
        for i, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            steps = [masked_frame(opcode, fill * size), 1] * 1000
            yield echoed(f"9.{kind}.{i}", steps, *[(opcode, fill * size)] * 1000)
