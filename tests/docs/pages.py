"""The README and the pages in docs, taken apart: headings, links, blocks, commands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SHELLS = ("shell", "bash", "powershell")


@dataclass(frozen=True)
class Block:
    """What stands between ``` and ```."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def blocks(self) -> list[Block]:
        """Every block, less the indentation of a list that it is in."""
        return [
            Block(language, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
            for indent, language, text in _FENCE.findall(self.text)
        ]

    @property
    def prose(self) -> str:
        """What is left without blocks."""
        return _FENCE.sub("", self.text)

    @property
    def anchors(self) -> set[str]:
        """The fragments that GitHub makes of headings."""
        headings = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}

    @property
    def links(self) -> list[str]:
        """Where its links and pictures lead."""
        written = re.findall(r"\]\(([^)\s]*)\)", self.prose)
        return written + re.findall(r"""(?:src|href|srcset)=["']([^"']*)["']""", self.prose)

    def commands(self) -> Iterator[list[str]]:
        """Yields each command of its blocks for a shell, split into words; several on a line are several commands."""
        for block in self.blocks:
            if block.language in _SHELLS:
                for line in _logical_lines(block.text):
                    yield from _split(line)


def pages() -> list[Page]:
    """Returns the README, the pages in docs, and those that they lead to for people who change things."""
    others = ("README.md", "AGENTS.md", "CONTRIBUTING.md", "tests/README.md", "functions-host/README.md")
    return [Page(ROOT / each) for each in others] + [Page(file) for file in sorted(ROOT.glob("docs/*.md"))]


def _logical_lines(text: str) -> Iterator[str]:
    """Yields the lines of a block, those that go on joined, without comments."""
    joined = re.sub(r"[\\`]\n\s*", " ", text)
    waiting = ""
    for line in joined.splitlines():
        waiting = f"{waiting}\n{line}" if waiting else line
        try:
            shlex.split(waiting, comments=True)
        except ValueError:
            continue  # a quote that the next line closes
        yield waiting
        waiting = ""
    assert not waiting, waiting


def _split(line: str) -> Iterator[list[str]]:
    words: list[str] = []
    for word in shlex.split(line, comments=True):
        if word in ("&&", "|", ";"):
            yield words
            words = []
        else:
            words.append(word)
    if words:
        yield words
