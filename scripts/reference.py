"""Write docs/reference: commands, vars, contract, input files and page hooks, each out of what it describes.

python scripts/reference.py
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from dbt.clients.yaml_helper import load_yaml_text

from extract.formats import FORMATS
from extract.run import app as extractors
from tiktok_retrieval.__main__ import app as warehouse_app
from tiktok_retrieval.exports import CONTRACT

PROJECT = Path(__file__).resolve().parents[1]
REFERENCE = PROJECT / "docs" / "reference"
MADE = "Made by `scripts/reference.py`; a test holds it to what it describes."
PROGRAMS = {"python extract/run.py": extractors, "python -m tiktok_retrieval": warehouse_app}
HOOK = re.compile(r'(\w+): \{\s*need: "(\w+)",\s*css: \[(.*?)\],?\s*\}', re.DOTALL)
CONTRACT_SAYS = """\
These relations, with these columns and types, are what notebooks, viewer, exports and programs of others may rely
on. dbt enforces them in every build. Other relations may change from version to version. `make docs` writes all of
them, with lineage and SQL."""
INPUT_SAYS = """\
What `python extract/run.py import` knows, the most specific first, and where in the raw zone it files each, as it
is."""
HOOKS_SAY = """\
The parts of a post's page that `extract/scraper.js` reads or presses, with the selectors that it tries, in order. The
first that finds something is used. [How to scrape](../how-to/scrape.md) has a drawing of the layout."""
NEEDS = {
    "always": "every post",
    "video": "videos",
    "photo": "photo posts",
    "comments": "posts with comments",
    "sometimes": "only where the page shows it",
}


def cell(text: object) -> str:
    """Return a text as a cell of a Markdown table has it."""
    return " ".join(str(text).split()).replace("|", "\\|")


# --- Commands ---------------------------------------------------------------------------------------------------------


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with the words that call it."""
    members: dict[str, Any] | None = getattr(command, "commands", None)
    if members is None:
        yield name, command
        return
    for word, member in members.items():
        yield from leaves(member, f"{name} {word}")


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command of the project, with the words that call it."""
    for program, app in PROGRAMS.items():
        yield from leaves(typer.main.get_command(app), program)


def is_option(parameter: Any) -> bool:
    """Whether a parameter is called by a name that begins with a dash."""
    return bool(parameter.opts[0].startswith("-"))


def kind_of(option: Any) -> str:
    """Return what a value looks like; nothing for a switch."""
    kinds = {int: "NUMBER", float: "NUMBER", Path: "PATH"}
    return "" if option.is_flag else kinds.get(option.type_descriptor.annotation, "TEXT")


def default_of(option: Any) -> str:
    """Return the default, and the environment variable that goes before it."""
    unsaid = option.default is None or isinstance(option.default, bool)
    parts = [f"`${option.envvar}`"] if option.envvar else []
    return ", else ".join(parts if unsaid else [*parts, f"`{option.default}`"])


def argument_words(argument: Any) -> str:
    """Return an argument as a line of use has it."""
    word = (argument.metavar or argument.name).upper() + ("..." if argument.nargs == -1 else "")
    return word.replace("......", "...") if argument.required else f"[{word}]".replace("......", "...")


def command_section(name: str, command: Any) -> str:
    """Return the section of one command."""
    words = [argument_words(parameter) for parameter in command.params if not is_option(parameter)]
    lines = [f"## {name}", "", cell(command.help), "", f"`{' '.join([name, *words])}`", ""]
    lines += ["| option | default | what it does |", "|---|---|---|"]
    for option in filter(is_option, command.params):
        spelled = ", ".join(f"`{word}`" for word in (*option.opts, *option.secondary_opts))
        lines.append(f"| {spelled} {kind_of(option)} | {default_of(option)} | {cell(option.help)} |".replace("  ", " "))
    return "\n".join(lines) + "\n"


def command_page() -> str:
    """Return docs/reference/commands.md."""
    verbs = re.findall(r"^([a-z]+):.*## (.*)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    lines = ["# Commands", "", f"{MADE} Each command prints the same with `--help`.", "", "## make", ""]
    lines += ["| verb | what it does |", "|---|---|"]
    lines += [f"| `make {verb}` | {cell(says)} |" for verb, says in verbs]
    return "\n".join(lines) + "\n\n" + "\n".join(command_section(name, command) for name, command in commands())


# --- Settings ---------------------------------------------------------------------------------------------------------


def project_vars() -> Iterator[tuple[str, str, str]]:
    """Yield name, default and meaning of each var of dbt_project.yml: the comment above it is its meaning.

    A comment above several vars in a row is the meaning of each.
    """
    comments: list[str] = []
    is_fresh = False
    for line in (PROJECT / "dbt_project.yml").read_text().partition("\nvars:\n")[2].splitlines():
        if line.startswith("  #"):
            comments = [*comments, line.strip("# ")] if is_fresh else [line.strip("# ")]
            is_fresh = True
        elif match := re.match(r"  (\w+): *(.*)$", line):
            yield match[1], match[2], " ".join(comments)
            is_fresh = False


def environment_variables() -> Iterator[tuple[str, str, str]]:
    """Yield name, default and meaning of each environment variable: from profiles.yml, and options that read one."""
    meanings = {
        "TIKTOK_DATA": "The raw zone.",
        "TIKTOK_WAREHOUSE": "The database file.",
        "TIKTOK_MEMORY_LIMIT": "What DuckDB may keep in memory; what does not fit spills to disk.",
        "TIKTOK_THREADS": "How many threads DuckDB runs.",
    }
    defaults = dict(re.findall(r"env_var\('(TIKTOK_\w+)', '([^']*)'\)", (PROJECT / "profiles.yml").read_text()))
    defaults |= {"TIKTOK_DATA": "data"}
    options = {
        option.envvar: cell(option.help) for _, command in commands() for option in command.params if option.envvar
    }
    for name in sorted(defaults.keys() | options.keys()):
        yield name, defaults.get(name, ""), meanings.get(name) or options[name]


def setting_page() -> str:
    """Return docs/reference/settings.md."""
    lines = ["# Settings", "", MADE, "", "## Environment", "", "| variable | default | meaning |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |"
        for name, default, meaning in environment_variables()
    ]
    lines += [
        "",
        "## Vars",
        "",
        "For one build: `dbt build --vars '{max_comments: 5}'`. A value that cannot be meant is refused.",
    ]
    lines += ["", "| var | default | meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | `{default}` | {cell(meaning)} |" for name, default, meaning in project_vars()]
    return "\n".join(lines) + "\n"


# --- Contract ---------------------------------------------------------------------------------------------------------


def properties(path: Path) -> dict[str, Any]:
    """Return what a yml file says."""
    return load_yaml_text(path.read_text()) or {}


def doc_blocks() -> dict[str, str]:
    """Return the texts that several columns share."""
    found: dict[str, str] = {}
    for path in (PROJECT / "models").rglob("*.md"):
        blocks = re.findall(r"\{% docs (\w+) %\}(.*?)\{% enddocs %\}", path.read_text(), re.DOTALL)
        found |= {name: " ".join(text.split()) for name, text in blocks}
    return found


def described(text: str, blocks: dict[str, str]) -> str:
    """Return a description with the shared texts in it."""
    return cell(re.sub(r"\{\{ *doc\('(\w+)'\) *\}\}", lambda match: blocks[match[1]], text))


def contract_page() -> str:
    """Return docs/reference/contract.md: what others may rely on, out of the models' properties."""
    blocks = doc_blocks()
    lines = ["# Contract", "", MADE, "", CONTRACT_SAYS, ""]
    for relation in CONTRACT:
        name = relation.partition(".")[2]
        (path,) = (PROJECT / "models").rglob(f"{name}.yml")
        (model,) = properties(path)["models"]
        lines += [f"## {relation}", "", described(model["description"], blocks), ""]
        lines += ["| column | type | null | what it is |", "|---|---|---|---|"]
        for column in model["columns"]:
            constraints = [constraint["type"] for constraint in column.get("constraints", ())]
            null = "never" if "not_null" in constraints else "may be"
            text = described(column["description"], blocks)
            lines.append(f"| `{column['name']}` | {column['data_type']} | {null} | {text} |")
        lines.append("")
    return "\n".join(lines)


# --- What comes in ----------------------------------------------------------------------------------------------------


def input_page() -> str:
    """Return docs/reference/input-files.md."""
    lines = ["# Input files", "", MADE, "", INPUT_SAYS]
    lines += ["", "| form | known by | goes to |", "|---|---|---|"]
    lines += [
        f"| {form.name} | {cell(form.expected)} | `{form.place}{'' if form.is_single else '/'}`"
        f"{f', further ones `{form.later}/`' if form.later else ''} |"
        for form in FORMATS
    ]
    return "\n".join(lines) + "\n"


def hooks() -> list[tuple[str, str, list[str]]]:
    """Return the parts of a page that the scraper reads: name, when it is needed, selectors in order."""
    script = (
        (PROJECT / "extract" / "scraper.js").read_text().partition("const SELECTORS = {")[2].partition("\n    };")[0]
    )
    return [(name, need, re.findall(r'"([^"]*)"', css)) for name, need, css in HOOK.findall(script)]


def hook_page() -> str:
    """Return docs/reference/page-hooks.md."""
    lines = ["# Page hooks", "", MADE, "", HOOKS_SAY]
    lines += ["", "| part | needed for | selectors |", "|---|---|---|"]
    for name, need, selectors in hooks():
        lines.append(f"| `{name}` | {NEEDS[need]} | {'<br>'.join(f'`{cell(selector)}`' for selector in selectors)} |")
    return "\n".join(lines) + "\n"


# --- Sections of other pages ------------------------------------------------------------------------------------------


def claim_section() -> str:
    """Return the conclusions of the original study with what is behind those that do not hold."""
    with (PROJECT / "seeds" / "original_study_claims.csv").open(newline="") as file:
        rows = [f"| {cell(row['claim'])} | {cell(row['remark'])} |" for row in csv.DictReader(file)]
    return "\n".join(["| claim | remark |", "|---|---|", *rows])


def with_section(page: Path, name: str, text: str) -> str:
    """Return a page with the text between its marks. Raises ValueError where the marks are missing."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, found, rest = page.read_text().partition(begin)
    _, found_too, after = rest.partition(end)
    if not (found and found_too):
        raise ValueError(f"{page}: no lines {begin} and {end}")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


SECTIONS = {("docs/explanation/original-study.md", "claims"): claim_section}
PAGES = {
    "commands.md": command_page,
    "settings.md": setting_page,
    "contract.md": contract_page,
    "input-files.md": input_page,
    "page-hooks.md": hook_page,
}


if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page())
    for (path, name), section in SECTIONS.items():
        (PROJECT / path).write_text(with_section(PROJECT / path, name, section()))
