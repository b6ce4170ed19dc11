"""Random numbers keyed by what they are for: the same as those of bench's `random`, number for number."""

from collections.abc import Iterator

_MASK = 0xFFFFFFFF


def uniforms(seed: int, stream: str, task: object = "", step: object = "", item: object = "") -> Iterator[float]:
    """Uniform numbers in [0, 1) with 32 random bits: sfc32 seeded by cyrb128 of the key."""
    a, b, c, d = _hash128(f"{seed}|{stream}|{task}|{step}|{item}")

    def advance() -> int:
        nonlocal a, b, c, d
        t = (a + b + d) & _MASK
        d = (d + 1) & _MASK
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & _MASK
        c = ((((c << 21) | (c >> 11)) & _MASK) + t) & _MASK
        return t

    for _ in range(12):
        advance()
    while True:
        yield advance() / 4294967296


def number(seed: int, stream: str, task: object = "", step: object = "") -> int:
    """A whole number of 32 bits, to seed a generator of torch with."""
    return int(next(uniforms(seed, stream, task, step)) * 4294967296)


def _hash128(text: str) -> tuple[int, int, int, int]:
    h1, h2, h3, h4 = 1779033703, 3144134277, 1013904242, 2773480762
    units = text.encode("utf-16-le")
    for i in range(0, len(units), 2):
        k = units[i] | (units[i + 1] << 8)
        h1 = h2 ^ ((h1 ^ k) * 597399067 & _MASK)
        h2 = h3 ^ ((h2 ^ k) * 2869860233 & _MASK)
        h3 = h4 ^ ((h3 ^ k) * 951274213 & _MASK)
        h4 = h1 ^ ((h4 ^ k) * 2716044179 & _MASK)
    h1 = (h3 ^ (h1 >> 18)) * 597399067 & _MASK
    h2 = (h4 ^ (h2 >> 22)) * 2869860233 & _MASK
    h3 = (h1 ^ (h3 >> 17)) * 951274213 & _MASK
    h4 = (h2 ^ (h4 >> 19)) * 2716044179 & _MASK
    h1 ^= h2 ^ h3 ^ h4
    h2 ^= h1
    h3 ^= h1
    h4 ^= h1
    return h1, h2, h3, h4
