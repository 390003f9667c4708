"""An integration runtime whose whole configuration is files."""

__version__ = "0.1.0"
