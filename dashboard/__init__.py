"""The deployment dashboard: CI workflows report their steps, people watch them happen."""

__version__ = "0.1.0"
