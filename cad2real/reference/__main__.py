"""`python -m cad2real.reference [--write]`."""

import sys

from cad2real.reference.page import main

sys.exit(main(sys.argv[1:]))
