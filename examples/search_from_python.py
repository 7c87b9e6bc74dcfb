"""Which part is this? In a project with an index: python examples/search_from_python.py PROJECT PHOTO."""

import sys
from pathlib import Path

from search.query import Search


def main(project: str, photo: str) -> list[str]:
    search = Search.open(Path(project))  # opened once, it answers any number of photos
    matches = search.find(Path(photo), top=3)
    for match in matches:
        print(f"{match.rank}. {match.part_id:24} distance {match.distance:.3f}, most like {match.view}")
    return [match.part_id for match in matches]


if __name__ == "__main__":
    main(*sys.argv[1:])
