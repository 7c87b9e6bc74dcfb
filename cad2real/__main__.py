"""`python -m cad2real` is the `cad2real` command."""

from cad2real.cli import main

if __name__ == "__main__":
    main()
