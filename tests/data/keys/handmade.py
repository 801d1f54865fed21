# SPDX-License-Identifier: Apache-2.0
"""Writes keys that no sane tool makes, as PEM on standard output; Python's own library only."""
import base64
import math
import random
import sys

RSA_OID = bytes.fromhex("06092a864886f70d010101")
EC_OID = bytes.fromhex("06072a8648ce3d0201")
P256_OID = bytes.fromhex("06082a8648ce3d030107")
rng = random.SystemRandom()


def der(tag, body):
    n = len(body)
    head = bytes([n]) if n < 128 else None
    if head is None:
        size = (n.bit_length() + 7) // 8
        head = bytes([0x80 | size]) + n.to_bytes(size, "big")
    return bytes([tag]) + head + body


def seq(*parts):
    return der(0x30, b"".join(parts))


def integer(v):
    return der(0x02, v.to_bytes(v.bit_length() // 8 + 1, "big"))


def bits(body):
    return der(0x03, b"\0" + body)


def pem(label, body):
    text = base64.encodebytes(body).decode()
    lines = text.replace("\n", "")
    rows = [lines[i:i + 64] for i in range(0, len(lines), 64)]
    print("-----BEGIN %s-----" % label, *rows, "-----END %s-----" % label, sep="\n")


def unpem(text):
    return base64.b64decode("".join(l for l in text.splitlines() if "-----" not in l))


def is_prime(n):
    if any(n % p == 0 for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)):
        return False
    s = ((n - 1) & -(n - 1)).bit_length() - 1
    for _ in range(20):
        x = pow(rng.randrange(2, n - 1), (n - 1) >> s, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime_from(v):
    v |= 1
    while not is_prime(v) or v % 65537 == 1:
        v += 2
    return v


def prime(size):
    return prime_from(rng.getrandbits(size) | 3 << (size - 2))


def rsa_public(n, e=65537):
    pem("PUBLIC KEY", seq(seq(RSA_OID, der(5, b"")), bits(seq(integer(n), integer(e)))))


def rsa_private(p, q, n=None, e=65537):
    d = pow(e, -1, math.lcm(p - 1, q - 1))
    numbers = (0, n or p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    pem("RSA PRIVATE KEY", seq(*map(integer, numbers)))


def roca_prime():
    """As Infineon's library made them: k * M + (65537^a mod M), M a primorial."""
    m = 1
    v = 2
    for _ in range(126):  # M for keys of 1984 to 3936 bits
        m *= v
        v += 1
        while any(v % w == 0 for w in range(2, int(v ** 0.5) + 1)):
            v += 1
    while True:
        p = rng.getrandbits(1024 - m.bit_length() + 1) * m + pow(65537, rng.getrandbits(200), m)
        if p.bit_length() == 1024 and p >> 1022 == 3 and is_prime(p):
            return p


def ec_public(point):
    pem("PUBLIC KEY", seq(seq(EC_OID, P256_OID), bits(point)))


def number_of(size):
    return rng.getrandbits(size) | 1 << (size - 1) | 1


def no_small_factor(size):
    n = number_of(size)
    while any(n % v == 0 for v in range(3, 200, 2)):
        n += 2
    return n


def splice_ec(private_text, other_text):
    """The SEC1 form of the first key with the public point of the second."""
    one, other = unpem(private_text), unpem(other_text)
    pem("EC PRIVATE KEY", one[:-65] + other[-65:])


def main(what, *args):
    if what == "rsa-bits":
        rsa_public(no_small_factor(int(args[0])))
    elif what == "rsa-exponent":
        rsa_public(no_small_factor(2048), int(args[0]))
    elif what == "rsa-even":
        rsa_public(number_of(2048) - 1)
    elif what == "rsa-factor":
        n = number_of(2048)
        n -= n % 3
        rsa_public(n if n % 2 else n + 3)
    elif what == "rsa-close":
        p = prime(1024)
        rsa_public(p * prime_from(p + 2 ** int(args[0])))
    elif what == "rsa-square":
        rsa_public(prime(1024) ** 2)
    elif what == "rsa-roca":
        rsa_public(roca_prime() * roca_prime())
    elif what == "rsa-mismatch":
        rsa_private(prime(1024), prime(1024), n=no_small_factor(2048))
    elif what == "ec-off-curve":
        ec_public(b"\4" + bytes(31) + b"\1" + bytes(31) + b"\1")
    elif what == "ec-infinity":
        ec_public(b"\0")
    elif what == "ec-splice":
        splice_ec(open(args[0]).read(), open(args[1]).read())
    elif what == "trailing":
        pem(args[0], unpem(sys.stdin.read()) + b"\0\0")
    elif what == "rsa-no-null":
        text = unpem(sys.stdin.read())
        pem("PUBLIC KEY", seq(seq(RSA_OID), text[text.index(b"\x05\0") + 2:]))
    else:
        sys.exit("handmade.py: what is %s?" % what)


main(*sys.argv[1:])
