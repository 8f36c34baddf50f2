"""What templates insert into a document: charts, testimonies and photos, with consent checked."""

from collections.abc import Callable, Mapping

from capidoc.report.bound_numbers import Marked, NamedValues, attribute_text, escape_markdown

Refusal = Callable[[str, tuple[str, ...]], str]  # (consent id, uses): why not, or empty


def figure_markdown(called: list[str], captions: Mapping[str, str], name: str) -> Marked:
    """Return the chart `name` as Markdown and append `name` to the charts `called`.

    Its alt text stays empty until the chart is drawn: see `with_alt_texts`.
    """
    caption = NamedValues(captions, "figure inconnue")[name]
    called.append(name)
    return Marked(f'![{caption}](figures/{name}.png){{#fig:{name} alt=""}}')


def with_alt_texts(text: str, alts: Mapping[str, str]) -> str:
    """Return the Markdown of a document with the alt text of each drawn chart {id: alt text}."""
    for name, alt in alts.items():
        filled = f'{{#fig:{name} alt="{attribute_text(alt)}"}}'
        text = text.replace(f'{{#fig:{name} alt=""}}', filled)
    return text


def testimony(refusal: Refusal, name: str, caller: Callable[[], str]) -> Marked:
    """Return the block `{% call temoignage(id) %}`: its words, or why they are not published."""
    reason = refusal(name, ("temoignage", "citation"))
    if reason:
        return Marked(f"*Ce témoignage n’est pas publié : {reason}.*\n\n")
    return Marked(caller())


def photo_markdown(
    refusal: Refusal, publish: Callable[[str], str], name: str, file: str, alt: str, caption: str
) -> Marked:
    """Return `photo(id, file, alt, caption)`: the photo, or why it is not published.

    `publish` writes the file where documents find it and returns its new name.
    """
    reason = refusal(name, ("photo",))
    if reason:
        return Marked(f"*Cette photo n’est pas publiée : {reason}.*")
    attributes = f'{{#fig:photo-{name} alt="{attribute_text(alt)}"}}'
    return Marked(f"![{escape_markdown(caption)}](figures/{publish(file)}){attributes}")
