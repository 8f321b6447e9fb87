"""Fuzzing of our own parsers and decoders: what they promise of any bytes, and what looks for bytes that break it.

    make fuzz ARGS="--seconds 60 --target url"

A target (`tests/fuzz/targets/`) is a function of bytes that fails where a promise is broken. Three things feed them:
atheris, guided by coverage (`python -m tests.fuzz`); hypothesis, which edits each target's seeds
(`test_properties.py`); and what was found before, kept in `tests/fuzz/corpus/TARGET/` (`test_corpus.py`). The last two
are part of `make test`.
"""
