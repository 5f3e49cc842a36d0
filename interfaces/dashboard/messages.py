"""``python -m trove_upgrade.interfaces.dashboard.messages`` brings the translations up to date.

The messages of the code and of the templates go into locale/LANGUAGE/LC_MESSAGES/django.po, where
translators work; what is translated there is kept, and compiled into the django.mo that is read.
"""
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

HERE = Path(__file__).parent
# Names of the functions, and which of their arguments are messages; a context comes first.
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
            "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2)}


def found() -> Catalog:
    """Every message, without translations."""
    catalog = Catalog(project="trove-upgrade", charset="utf-8")
    for name, code in _sources():
        for _, message, _, context in extract("python", io.BytesIO(code.encode()), KEYWORDS):
            catalog.add(message, locations=[(name, None)], context=context)
    return catalog


def _sources() -> Iterator[tuple[str, str]]:
    for path in sorted(HERE.rglob("*.py")):
        yield path.name, path.read_text(encoding="utf-8")
    for path in sorted(HERE.rglob("*.html")):
        yield path.name, templatize(path.read_text(encoding="utf-8"))


def update(path: Path) -> Catalog:
    """A translation with the messages of now; those that are gone are dropped."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.parents[1].name)
    now = found()
    now.creation_date = catalog.creation_date        # else each run would change the file
    catalog.update(now, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """What Django reads."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def main() -> None:
    """Every language that has a folder."""
    for path in sorted(HERE.glob("locale/*/LC_MESSAGES/django.po")):
        catalog = update(path)
        with path.open("wb") as file:
            write_po(file, catalog, sort_output=True, width=100)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        missing = sum(not message.string for message in catalog if message.id)
        print(f"{path.parents[1].name}: {len(catalog)} messages, {missing} not translated")


if __name__ == "__main__":
    main()
