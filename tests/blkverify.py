#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What pv-guest's `blkverify' has left on an image: blkverify.py IMAGE CONSOLE-LOG [SEEN]

Each unit of 4096 bytes has to be whole, of a write that goes there, and not older than the last one of
those that the last completed flush covered, nor than what SEEN says was there before.  SEEN is a file
of one number per unit, read if it is there, and written.  Prints one line; exits 1 if something is lost.
"""
import re
import struct
import sys

UNIT, MASK, MAGIC = 4096, (1 << 64) - 1, 0x5245564b4c425650


def mix(x):
    x = ((x ^ x >> 30) * 0xbf58476d1ce4e5b9) & MASK
    x = ((x ^ x >> 27) * 0x94d049bb133111eb) & MASK
    return x ^ x >> 31


def place(n, units):
    h = mix(n * 0x9e3779b97f4a7c15 & MASK)
    first = (h & 0xffffffff) % units
    return first, min(1 + (h >> 40) % 16, units - first)


def pattern(unit, n):
    base = unit * 0x9e3779b97f4a7c15 + n * 0xc2b2ae3d27d4eb4f
    step = 0xd6e8feb86659fd93
    words = [(base + i) * step & MASK for i in range(3, 512)]
    return struct.pack('<512Q', MAGIC, unit, n, *words)


def main():
    image, log = sys.argv[1:3]
    text = open(log, 'rb').read().decode('latin1')
    begins = re.findall(r'blkverify: begins (\d+) units (\d+)\r?\n', text)
    # Of the last run alone: what an earlier one flushed is in SEEN.
    last = text.rfind('blkverify: begins')
    flushed = [int(n) for n in re.findall(r'blkverify: flushed (\d+)\r?\n', text[last:])] if last >= 0 else []
    wrong = re.findall(r'blkverify: [a-z ]+: unit .*', text)
    data = open(image, 'rb').read()
    units = len(data) // UNIT
    want = [0] * units
    if len(sys.argv) > 3:
        try:
            want = [int(line) for line in open(sys.argv[3])]
        except FileNotFoundError:
            pass
    flush = flushed[-1] if flushed else 0
    for n in range(int(begins[-1][0]) if begins else 1, flush + 1):
        first, length = place(n, units)
        for unit in range(first, first + length):
            want[unit] = max(want[unit], n)
    lost, found = wrong, []
    for unit in range(units):
        page = data[unit * UNIT:(unit + 1) * UNIT]
        magic, number, n = struct.unpack('<3Q', page[:24])
        if page == bytes(UNIT):
            n = 0
        elif page != pattern(unit, n):
            lost.append('unit %d holds no whole write: %x %d %d' % (unit, magic, number, n))
        else:
            first, length = place(n, units)
            if not first <= unit < first + length:
                lost.append('unit %d holds write %d, which goes to %d' % (unit, n, first))
        if n < want[unit]:
            lost.append('unit %d holds write %d, but %d was flushed' % (unit, n, want[unit]))
        found.append(n)
    if len(sys.argv) > 3:
        open(sys.argv[3], 'w').write(''.join('%d\n' % n for n in found))
    print('%d units, %d flushes, up to write %d%s' %
          (units, len(flushed), flush, ''.join('; ' + line for line in lost[:5])))
    return 1 if lost else 0


sys.exit(main())
