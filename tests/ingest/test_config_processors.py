"""The user's own processors."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.config import ConfigError, load, load_processors
from processors.base import Skip
from processors.records import Article

STEPS = """
from processors.base import Skip


class DropShort:
    name = "drop-short"

    def __init__(self, *, words=10):
        if words < 0:
            raise ValueError(f"words is {words}")
        self.words = words

    def __call__(self, article):
        if len(article.text.split()) < self.words:
            raise Skip(detail="short")
        return article

    @classmethod
    def strict(cls):
        return cls(words=1000)


def nameless():
    return lambda article: article


NUMBER = 3
"""


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Return the configuration of a file that lies beside a module `my_steps`, imported afresh."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for module in ("my_steps", "my_broken_steps"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    (tmp_path / "my_steps.py").write_text(STEPS)
    (tmp_path / "my_broken_steps.py").write_text("raise RuntimeError('no\\nluck')")

    def configured(text: str):
        path = tmp_path / "news.toml"
        path.write_text(text)
        return load(path, {})

    yield configured
    for module in ("my_steps", "my_broken_steps"):
        sys.modules.pop(module, None)


def test_processors_are_made_in_their_order_with_their_options(configured):
    config = configured("""
        [[processors]]
        use = "my_steps:DropShort"
        options = { words = 2 }
        [[processors]]
        use = "my_steps:DropShort.strict"
    """)

    first, second = load_processors(config)

    article = Article(title="Bridge reopens", text="After two years of work")
    assert first.name == "drop-short"
    assert first(article) is article
    with pytest.raises(Skip):
        second(article)


def test_without_any_the_path_of_imports_stays_as_it_is(configured):
    before = list(sys.path)

    assert load_processors(configured("")) == ()
    assert sys.path == before


def test_a_module_beside_the_file_hides_no_other(configured):
    config = configured('[[processors]]\nuse = "my_steps:DropShort"')

    load_processors(config)
    load_processors(config)

    assert sys.path[-1] == str(config.folder.resolve())
    assert sys.path.count(sys.path[-1]) == 1


@pytest.mark.parametrize(
    ("use", "told"),
    [
        (
            "no_such_module:X",
            "'no_such_module' cannot be imported: ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("my_broken_steps:X", "'my_broken_steps' cannot be imported: RuntimeError: no"),
        ("my_steps:DropLong", "'my_steps' has no 'DropLong'; name a class or function of that module"),
        ("my_steps:NUMBER", "'my_steps:NUMBER' is not a class or function"),
        ("my_steps:nameless", "'my_steps:nameless' made 'function', which is no processor; give it a string `name`"),
        ("builtins:dict", "'builtins:dict' made 'dict', which is no processor"),
    ],
)
def test_what_is_no_processor_is_told(configured, use, told):
    config = configured(f'[[processors]]\nuse = "{use}"')

    with pytest.raises(ConfigError) as caught:
        load_processors(config)

    assert str(caught.value).startswith(f"{config.file}: processors[0].use: {told}")
    assert "\n" not in str(caught.value)


def test_options_that_are_refused_are_told_for_all_at_once(configured):
    config = configured("""
        [[processors]]
        use = "my_steps:DropShort"
        options = { words = -1 }
        [[processors]]
        use = "my_steps:DropShort"
        options = { word = 1 }
    """)

    with pytest.raises(ConfigError) as caught:
        load_processors(config)

    first, second = map(str, caught.value.problems)
    assert "processors[0].use: 'my_steps:DropShort' refused its options: ValueError: words is -1; correct" in first
    assert "processors[1].use: 'my_steps:DropShort' refused its options: TypeError: " in second


def test_a_configuration_without_a_file_is_named_by_no_file(configured):
    config = replace(configured('[[processors]]\nuse = "no_such_module:X"'), file=None)

    with pytest.raises(ConfigError, match=r"^environment: processors\[0\]\.use: "):
        load_processors(config)

    assert config.folder == Path()
