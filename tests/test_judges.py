"""What judges who do not know us say of the finished documents: of their French, their accessibility, the soundness of their files."""

import json
import subprocess

import pytest
import yaml
from lxml import html

from .conftest import ROOT, capidoc, copied, needs

BLOCKS = {"p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "h4", "figcaption", "caption", "div"}
ADMITTED = yaml.safe_load((ROOT / "tests" / "grammalecte_admis.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder of every deliverable of JASS."""
    root = copied(tmp_path_factory.mktemp("juges"))
    done = capidoc(root, "all")
    assert done.returncode == 0, done.stderr
    return root / "outputs" / "jass"


# ── French: Grammalecte ─────────────────────────────────────────────────────────────────────────


def sentences(page):
    """What a page says in French, block after block: its text, its pictures in words, the first half of what stands behind a number."""
    tree = html.parse(page).getroot()
    for element in tree.xpath("//style | //nav"):
        element.drop_tree()
    for name in tree.xpath("//code | //*[@class='nom']"):  # of a file, a rule, a fact
        name.text = "X"
    for element in tree.iter("title", *BLOCKS):
        if not any(inner.tag in BLOCKS for inner in element.iterdescendants()):
            yield element.text_content()
    yield from tree.xpath("//@alt")
    yield from (card.split(" Calcul")[0] for card in tree.xpath("//@aria-description"))


def remarks(texts, folder):
    """What Grammalecte says: (rule, the words it concerns) and (« mot », the word that it does not know)."""
    lines = [line for text in dict.fromkeys(texts) if (line := text.strip().replace("\n", " "))]
    (folder / "texte.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(["grammalecte-cli", "-j", "-owe", "-f", folder / "texte.txt"], capture_output=True, text=True, check=True)
    for paragraph in json.loads(done.stdout)["data"]:
        line = lines[paragraph["iParagraph"] - 1]
        for error in paragraph["lGrammarErrors"]:
            yield error["sRuleId"], line[error["nStart"]:error["nEnd"]].strip(), line
        for error in paragraph["lSpellingErrors"]:
            yield "mot", error["sValue"], line


@needs("grammalecte-cli")
def test_grammalecte_has_nothing_to_say_of_our_french_but_what_is_admitted_with_a_reason(published, tmp_path):
    found = list(remarks((text for page in sorted(published.rglob("*.html")) for text in sentences(page)), tmp_path))
    admitted = {(rule, word) for rule, words, _ in ADMITTED for word in words}
    assert [remark for remark in found if remark[:2] not in admitted] == []
    assert admitted - {remark[:2] for remark in found} == set()


@needs("grammalecte-cli")
def test_grammalecte_would_see_a_wrong_agreement_and_a_missing_space(tmp_path):
    assert {rule for rule, _, _ in remarks(["Les femmes est formée."], tmp_path)}
    assert {rule for rule, _, _ in remarks(["Une hausse de 172% des revenus."], tmp_path)}
