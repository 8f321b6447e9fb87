"""What a site repeats on article after article: learned from records, decided purely, taken out with a receipt."""

from __future__ import annotations

from processors.profiles.drop import DropLearned
from processors.profiles.lessons import Lesson, lesson_of
from processors.profiles.site import Site, learned
from processors.profiles.snapshot import Snapshot
from processors.profiles.verdicts import Verdict, verdicts

__all__ = ["DropLearned", "Lesson", "Site", "Snapshot", "Verdict", "learned", "lesson_of", "verdicts"]
