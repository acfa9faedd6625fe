"""What WebSocket clients may say, right and wrong, made by chance from a seed and cut anywhere; and what an
echo must answer. The model knows what it makes, so it never has to read a frame."""

import codecs
import random
import struct

from ws_cases import Case, fragments
from ws_client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame

MESSAGE_BYTES = 16 << 20  # what testee takes
SIZES = (0, 1, 2, 5, 30, 124, 125, 126, 127, 128, 300, 4000, 4096, 4097, 16380, 17000, 65535, 65536, 70000)
LETTERS = "abcdefghijk\0\x7f\x80äß\u07ff\u0800€\ud7ff\ue000\uffff\U00010000\U0001f600\U0010ffff"
GOOD_CODES = (1000, 1001, 1002, 1003, 1007, 1010, 1012, 1014, 3000, 3999, 4000, 4999)
BAD_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 32768, 65535)
BAD_UTF8 = [bytes.fromhex(text) for text in (
    "80", "bf", "c0", "c1", "c220", "e09f2020", "e0a020", "eda080", "edbfbf", "f08f20", "f09080c3",
    "f4908080", "f5", "ff20")]
UNFINISHED_UTF8 = [bytes.fromhex(text) for text in ("c2", "e0a0", "ed9f", "f0", "f09f98", "f48fbf")]


def first_bad_octet(text):
    """How many octets it takes to see that this is no UTF-8; None when it may still become it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for i, octet in enumerate(text):
        try:
            decoder.decode(bytes([octet]))
        except UnicodeDecodeError:
            return i + 1
    return None


class Talk:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.said = []
        self.answers = []
        self.message = None      # opcode and payload of the one under way
        self.fragments = []      # of it, still to be said
        for _ in range(self.dice.randrange(12)):
            self.dice.choice((self.say_message, self.say_message, self.say_ping, self.say_pong))()
        self.code = self.dice.choice((self.say_goodbye, self.break_header, self.break_order, self.break_close,
                                      self.break_text))()

    def frame(self, opcode, payload=b"", **options):
        return frame(opcode, payload, mask=self.dice.randbytes(4), **options)

    def text(self, size):
        return "".join(self.dice.choices(LETTERS, k=size)).encode()

    def cut(self, data):
        """In one piece, in a few, or octet by octet where that is not too much."""
        ways = self.dice.choice((0, 1, 2, 5, 20, len(data) if len(data) < 500 else 50))
        cuts = sorted(self.dice.randrange(len(data) + 1) for _ in range(ways))
        return [data[start:end] for start, end in zip([0] + cuts, cuts + [len(data)])]

    # ---- what is right

    def say_message(self):
        """Some frames of the message under way, or of a new one."""
        if not self.fragments:
            opcode, size = self.dice.choice((TEXT, BINARY)), self.dice.choice(SIZES)
            payload = self.text(size // 2) if opcode == TEXT else self.dice.randbytes(size)
            self.message = opcode, payload
            self.fragments = fragments(opcode, [payload] if self.dice.random() < 0.5 else self.cut(payload))
        for _ in range(self.dice.randrange(len(self.fragments)) + 1):
            self.said.append(self.fragments.pop(0))
        if not self.fragments:
            self.answers.append(self.message)

    def say_ping(self):
        payload = self.dice.randbytes(self.dice.choice((0, 1, 4, 125)))
        self.said.append(self.frame(PING, payload))
        self.answers.append((PONG, payload))

    def say_pong(self):
        self.said.append(self.frame(PONG, self.dice.randbytes(self.dice.randrange(126))))

    def say_goodbye(self):
        code = self.dice.choice(GOOD_CODES + (None,))
        self.said.append(close_frame(code, self.text(30) if code else b""))
        return self.say_more(code)

    # ---- what is wrong: what comes first may be all that comes

    def say_more(self, code, enough=b"", rest=b""):
        self.said.append(enough)
        if self.dice.random() < 0.5:
            self.said.append(rest + self.dice.randbytes(self.dice.randrange(300)))
        return code

    def break_header(self):
        first, size = self.dice.choice((TEXT, BINARY)) | 0x80, self.dice.randrange(126)
        mask = self.dice.randbytes(4)
        return self.say_more(1002, *self.dice.choice((
            (bytes([first | self.dice.randrange(1, 8) << 4]), mask),
            (bytes([0x80 | self.dice.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15))]), mask),
            (bytes([self.dice.choice((CLOSE, PING, PONG))]), mask),
            (bytes([self.dice.choice((first, PING | 0x80)), size]), mask),
            (bytes([0x80 | PING, 0x80 | self.dice.choice((126, 127))]), mask),
            (struct.pack(">BBH", first, 0xfe, self.dice.choice((0, 125))), mask),
            (struct.pack(">BBQ", first, 0xff, self.dice.choice((0, 125, 126, 65535))), mask),
            (struct.pack(">BBQ", first, 0xff, 1 << 63 | size), mask))))

    def break_order(self):
        """A fragment that continues nothing, a message within a message, or one that is too big."""
        opcode = self.dice.choice((TEXT, BINARY)) if self.fragments else CONTINUATION
        if self.fragments or self.dice.random() < 0.5:
            payload = self.dice.randbytes(self.dice.choice(SIZES))
            data = self.frame(opcode, payload, fin=self.dice.random() < 0.5)
            return self.say_more(1002, data[:len(data) - len(payload)], data[len(data) - len(payload):])
        head = struct.pack(">BBQ", BINARY | 0x80, 0xff, MESSAGE_BYTES + self.dice.randrange(1, 1 << 40))
        return self.say_more(1009, head + self.dice.randbytes(4))

    def break_close(self):
        payload, code = self.dice.choice((
            (b"x", 1002), (struct.pack(">H", self.dice.choice(BAD_CODES)) + self.text(9), 1002),
            (struct.pack(">H", 1000) + self.text(9) + self.dice.choice(BAD_UTF8), 1007)))
        return self.say_more(code, self.frame(CLOSE, payload))

    def break_text(self):
        if self.fragments:
            return self.break_order()
        payload = self.text(self.dice.choice(SIZES) // 2) + self.dice.choice(BAD_UTF8 + UNFINISHED_UTF8)
        wrong = payload[:first_bad_octet(payload)]
        if wrong == payload or self.dice.random() < 0.5:
            return self.say_more(1007, b"".join(fragments(TEXT, self.cut(wrong))))
        data = self.frame(TEXT, payload)
        end = len(data) - len(payload) + len(wrong)
        return self.say_more(1007, data[:end], data[end:])

    def as_case(self, name):
        return Case(name, self.cut(b"".join(self.said)), self.answers, self.code, False)


def talks(seeds):
    for seed in seeds:
        yield Talk(seed).as_case(f"seed {seed}")
