"""What was measured, beside its floor and its aim."""

import dataclasses


@dataclasses.dataclass
class Figure:
    """One line of the table."""

    what: str
    measured: str
    floor: str
    found: str
    aim: str
    held: bool
    # Whether a miss is never forgiven: memory, and private mail.
    strict: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        return self.what, self.measured, self.floor, self.found, self.aim, "OK" if self.held else "MISS"


class Table:
    """Every figure so far."""

    HEAD = ("", "measured", "floor", "result", "aim", "")

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)

    def at_least(self, what: str, measured: float, floor: float, unit: str, share: float) -> None:
        """Something of which more is better, and which the floor has most of."""
        found = measured / floor
        self.add(Figure(what, f"{measured:.1f} {unit}", f"{floor:.1f} {unit}", f"{found:.2f}", f"≥ {share}", found >= share))

    def at_most(self, what: str, measured: float, floor: float, unit: str, share: float) -> None:
        """Something of which less is better, as a multiple of the floor."""
        found = measured / floor
        self.add(Figure(what, f"{measured:.1f} {unit}", f"{floor:.1f} {unit}", f"{found:.2f}", f"≤ {share}", found <= share))

    def above(self, what: str, measured: float, floor: float, unit: str, most: float, strict: bool = False) -> None:
        """Something that may lie above its floor by so much."""
        found = measured - floor
        self.add(Figure(
            what, f"{measured:.1f} {unit}", f"{floor:.1f} {unit}", f"{found:+.1f} {unit}", f"≤ +{most:g} {unit}",
            found <= most, strict))

    def below(self, what: str, measured: float, unit: str, most: float, strict: bool = False, digits: int = 1) -> None:
        """Something that has a limit of its own."""
        shown = f"{measured:.{digits}f} {unit}"
        self.add(Figure(what, shown, "", shown, f"≤ {most:g} {unit}", measured <= most, strict))

    def text(self) -> str:
        rows = [self.HEAD] + [figure.cells for figure in self.figures]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.HEAD))]
        lines = [
            "  ".join(cell.ljust(width) if column in (0, 5) else cell.rjust(width) for column, (cell, width) in enumerate(zip(row, widths)))
            for row in rows]
        return "\n".join(line.rstrip() for line in lines)

    @property
    def missed(self) -> list[Figure]:
        return [figure for figure in self.figures if not figure.held]

    @property
    def good(self) -> bool:
        """At most one miss, and none of what may not be missed."""
        return len(self.missed) <= 1 and not any(figure.strict for figure in self.missed)


def median(values: list[float]) -> float:
    return share_of(values, 0.5)


def share_of(values: list[float], share: float) -> float:
    """The smallest value that so great a share of all does not exceed; the mean of two for a median between them."""
    ordered = sorted(values)
    if share == 0.5 and len(ordered) % 2 == 0:
        return (ordered[len(ordered) // 2 - 1] + ordered[len(ordered) // 2]) / 2
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
