#!/usr/bin/env python3
"""Pack the UCI optdigits test images, as scikit-learn ships them, into digits.bin.

The input is sklearn.datasets.load_digits(): 1797 grey images of 8x8 pixels with
values 0..=16, and a label 0..=9 for each. It is part of the scikit-learn package,
so nothing is downloaded.

digits.bin is 1797 records of 41 bytes, without a header, in scikit-learn's order:

    byte 0        the label, 0..=9
    bytes 1..=40  8 rows from top to bottom, 5 bytes each

A row is one little-endian 40-bit integer. Pixel x of the row (x = 0 is the
leftmost) is in its bits 5x..5x+5, so its value is (row >> 5 * x) & 31.
"""

import argparse
import hashlib
import sys
from pathlib import Path

IMAGES, SIDE, BITS, MAX_PIXEL = 1797, 8, 5, 16
ROW_BYTES = SIDE * BITS // 8
RECORD_BYTES = 1 + SIDE * ROW_BYTES


def pack(images, labels):
    """Return the bytes of digits.bin; images[n][y][x] and labels[n] are ints."""
    out = bytearray()
    for image, label in zip(images, labels, strict=True):
        out.append(label)
        for row in image:
            bits = sum(pixel << BITS * x for x, pixel in enumerate(row))
            out += bits.to_bytes(ROW_BYTES, "little")
    return bytes(out)


def unpack(data):
    """Return (images, labels) as nested lists of ints, the inverse of pack()."""
    mask = (1 << BITS) - 1
    images, labels = [], []
    for at in range(0, len(data), RECORD_BYTES):
        label, *packed = data[at : at + RECORD_BYTES]
        rows = [
            int.from_bytes(packed[y : y + ROW_BYTES], "little")
            for y in range(0, len(packed), ROW_BYTES)
        ]
        images.append([[row >> BITS * x & mask for x in range(SIDE)] for row in rows])
        labels.append(label)
    return images, labels


def load():
    """Return scikit-learn's (images, labels) as nested lists of ints."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = digits.images.astype(int)
    if pixels.shape != (IMAGES, SIDE, SIDE) or digits.target.shape != (IMAGES,):
        sys.exit(f"unexpected shapes: {pixels.shape}, {digits.target.shape}")
    if (pixels != digits.images).any() or pixels.min() < 0 or pixels.max() > MAX_PIXEL:
        sys.exit(f"a pixel is not an integer in 0..={MAX_PIXEL}")
    if digits.target.min() < 0 or digits.target.max() > 9:
        sys.exit("a label is not in 0..=9")
    return pixels.tolist(), digits.target.tolist()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--file",
        type=Path,
        default=Path(__file__).with_name("digits.bin"),
        help="the packed file (default: digits.bin beside this script)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; compare the file with a fresh packing, exit with 1 if they differ",
    )
    args = parser.parse_args()

    images, labels = load()
    fresh = pack(images, labels)
    if len(fresh) != IMAGES * RECORD_BYTES or unpack(fresh) != (images, labels):
        sys.exit("the packed images do not unpack to the originals")

    if args.check:
        try:
            data = args.file.read_bytes()
        except OSError as error:
            sys.exit(f"cannot read {args.file.name}: {error.strerror}")
    else:
        args.file.write_bytes(fresh)
        data = fresh
    print(f"{args.file.name}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
    if data != fresh:
        sys.exit(
            f"differs: expected {len(fresh)} bytes, SHA-256 {hashlib.sha256(fresh).hexdigest()}"
        )


if __name__ == "__main__":
    main()
