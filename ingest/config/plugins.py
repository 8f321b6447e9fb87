"""The user's own processors, from `[[processors]]` to callables."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, cast

from ingest.config.problems import ENVIRONMENT, ConfigError, Problem, WrongError

if TYPE_CHECKING:
    from ingest.config.model import Config, ProcessorUse
    from processors.base import Processor


def load_processors(config: Config) -> tuple[Processor, ...]:
    """Import and construct the configured processors, in their order.

    Called in each worker process too: what a user's class makes need not be fit for pickling. The folder of the
    configuration file joins the end of `sys.path`, so that a module beside it is found but hides no other.

    Raises:
        ConfigError: with the problems of all of them.
    """
    if config.processors and (folder := str(config.folder.resolve())) not in sys.path:
        sys.path.append(folder)
    found: list[Processor] = []
    problems: list[Problem] = []
    source = ENVIRONMENT if config.file is None else str(config.file)
    for index, use in enumerate(config.processors):
        try:
            found.append(_construct(use))
        except WrongError as wrong:
            problems.append(Problem(source=source, key=f"processors[{index}].use", what=wrong.what, right=wrong.right))
    if problems:
        raise ConfigError(problems)
    return tuple(found)


def _construct(use: ProcessorUse) -> Processor:
    """Return one processor.

    Raises:
        WrongError: it cannot be found, refuses its options, or is no processor.
    """
    factory = _imported(use.use)
    if not callable(factory):
        raise WrongError(f"{use.use!r} is not a class or function", "name what makes a processor")
    try:
        made = factory(**use.options)
    except Exception as error:  # the user's code may raise anything
        raise WrongError(f"{use.use!r} refused its options: {_told(error)}", "correct the options") from error
    if not callable(made) or not isinstance(getattr(made, "name", None), str):
        raise WrongError(
            f"{use.use!r} made {type(made).__name__!r}, which is no processor",
            "give it a string `name` and a method `__call__(article)`",
        )
    return cast("Processor", made)


def _imported(use: str) -> object:
    module, _, name = use.partition(":")
    try:
        found: object = importlib.import_module(module)
    except Exception as error:  # importing runs the user's code, which may raise anything
        right = "install it, or put it beside the configuration file"
        raise WrongError(f"{module!r} cannot be imported: {_told(error)}", right) from error
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise WrongError(f"{module!r} has no {name!r}", "name a class or function of that module") from None
    return found


def _told(error: Exception) -> str:
    first, _, _ = str(error).partition("\n")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
