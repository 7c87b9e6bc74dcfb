"""cad2real: recognise real parts from CAD alone. The front desk: the command line and what every room shares."""

__version__ = "0.1.0"
