"""The `cad2real` command, also as `python -m cad2real`. What it loads takes a second, in which Ctrl-C counts too."""

import sys

from cad2real.import_path import keep_current_folder_out


def main() -> None:
    """Runs the command."""
    keep_current_folder_out()
    try:
        from cad2real.cli import main as command
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
