"""Medians, ratios, and which goals they reach."""
import os
import statistics

HERE = os.path.dirname(os.path.abspath(__file__))


class Results:
    """Numbers by line and peer, one a round."""

    def __init__(self):
        self.numbers = {}

    def add(self, peer, round_number, lines):
        for line, number in lines.items():
            self.numbers.setdefault(line, {}).setdefault(peer, {})[round_number] = number

    def subtract_floor(self, line):
        """Turns a line into what it is above bare's."""
        floor = self.numbers.get(line, {}).pop("bare", {})
        for rounds in self.numbers.get(line, {}).values():
            for n in [n for n in rounds if n not in floor]:
                del rounds[n]
            for n in rounds:
                rounds[n] -= floor[n]

    def median(self, line, peer):
        rounds = self.numbers.get(line, {}).get(peer)
        return statistics.median(rounds.values()) if rounds else None

    def ratio(self, line, peer, to):
        """The median over the rounds of the quotient of one round: what slowed a round down slowed
        both."""
        ours, theirs = (self.numbers.get(line, {}).get(p, {}) for p in (peer, to))
        quotients = [ours[n] / theirs[n] for n in ours if theirs.get(n)]
        return statistics.median(quotients) if quotients else None


def shown(number):
    if number is None:
        return "-"
    return f"{number:.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.3g}"


def print_table(results, units, peers):
    """A line for each measurement; in brackets how many times ours it is."""
    measured = {peer for line in units for peer in results.numbers.get(line, {})}
    peers = [peer for peer in peers if peer in measured or peer == peers[0]]
    rows = [["", "", *peers]]
    for line, unit in units.items():
        if line not in results.numbers:
            continue
        cells = []
        for peer in peers:
            number, ratio = results.median(line, peer), results.ratio(line, peer, peers[0])
            suffix = f" ({ratio:.2f})" if ratio is not None and peer != peers[0] else ""
            cells.append(shown(number) + suffix)
        rows.append([line, unit, *cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        left = "  ".join(cell.ljust(width) for cell, width in zip(row[:2], widths))
        right = "  ".join(cell.rjust(width) for cell, width in zip(row[2:], widths[2:]))
        print(f"{left}  {right}".rstrip())


def goals():
    """(line, limit, of what) for each goal."""
    with open(os.path.join(HERE, "goals")) as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return [(line, float(limit), of) for line, limit, of in rows]


def print_goals(results, units, ours, known_peers):
    for line, limit, of in goals():
        if line not in units:
            continue
        if of in known_peers:
            number, what = results.ratio(line, ours, of), f"times {of}'s"
        else:
            number, what = results.median(line, ours), of
        if number is None:
            verdict = "not measured"
        else:
            verdict = "holds" if number <= limit else "does not hold"
        print(f"{line}: {shown(number)} {what}, at most {limit:g}: {verdict}")
