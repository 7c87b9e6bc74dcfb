"""The `cad2real` command, also as `python -m cad2real`. What it loads takes a second, in which Ctrl-C counts too."""

import sys


def main() -> None:
    """Runs the command."""
    try:
        from cad2real.cli import main as command
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
