"""The Python around the warehouse: what dbt needs from Python, and the command line."""

__version__ = "0.1.0"
