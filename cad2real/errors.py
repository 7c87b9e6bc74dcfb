"""Errors for people: what is wrong, where, and what to do. The command line prints them without a traceback."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from cad2real.quoting import quoted


class UserError(Exception):
    """A mistake that the user can mend.

    `what` names the file, row or part and what is wrong with it; `remedy` says what to do.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class DamagedFileError(UserError, ValueError):
    """A file of the project's own that is not what its format says: an error for people where nobody has a better one,
    and a ValueError for whoever can do without the file.
    """


@dataclass(frozen=True)
class Skipped:
    """One part or photo that could not be used while the others went on.

    `thing` is the part id or the photo's path, `where` the file and row that named it, `reason` one line for people
    with the remedy in it.

    >>> print(Skipped("bolt", "parts.csv row 3", "the row has no file; name the CAD file"))
    bolt (parts.csv row 3): the row has no file; name the CAD file
    """

    thing: str
    where: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return quoted(f"{self.thing}{where}: {self.reason}")
