"""Times runs of a spec from Python, for `make bench`: see run.py.

    bench.py SPEC.json
"""

import sys
import time

import libisolate as iso


def main():
    with open(sys.argv[1]) as file:
        spec = iso.Spec.from_json(file.read())
    for line in sys.stdin:
        count, gap = map(int, line.split())
        times = []
        for _ in range(count):
            if gap:
                time.sleep(gap / 1e6)
            start = time.perf_counter_ns()
            outcome = iso.run(spec)
            times.append((time.perf_counter_ns() - start) / 1000)
            if outcome.exit_code != 0:
                sys.exit(outcome.evidence)
        print(*times, flush=True)


main()
