"""Unit tests of the fake host: `python3 -m unittest discover -s fake_esxi/tests -t .` in tests/guest."""
