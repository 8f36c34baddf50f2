"""Nothing public hangs on a hidden value: two sets of data that print the same make the same files.

In both, thirty-seven people of three communes earn 72 000 F CFA in all; the people and the incomes
of Sud and Est, hidden in both, are others.
"""

import json
import shutil

import pytest

from capidoc.core import pseudonyms
from capidoc.io import manifest

from ..builders import IDENTITY, write_files
from ..conftest import capidoc
from ..environments import lay

SETTINGS = f"""\
{IDENTITY}communes: {{nord: Nord, sud: Sud, est: Est}}
chiffres_cles: [[personnes.valeur, personnes suivies]]
sources:
  suivi:
    libelle: Suivi
    fichier: "suivi*.csv"
    colonnes:
      code: {{titre: Code}}
      mois: {{titre: Mois}}
      commune: {{titre: Commune, type: choix, choix: {{nord: Nord, sud: Sud, est: Est}}}}
      revenu: {{titre: Revenu, type: nombre}}
    unite: personne
    identifiant: code
    motif_identifiant: "P[0-9]+"
    moment: mois
    attributs: {{commune: commune}}
    variables: [revenu]
"""
PLAN = """\
id;libelle;definition;unite;source;variable;denominateur;regle;filtre;moments;rappel;\
desagregations;population;arrondi;sens;critere;cible;suivi;origine
personnes;Personnes suivies;Des gens;personnes;suivi;;;effectif;;;;commune;recensement;1;;;50;;S
revenu;Revenu;La somme;F CFA;suivi;revenu;;somme;;debut|fin;;commune;recensement;1;;;;;S
est;Personnes à l’est;Des gens;personnes;suivi;;;effectif;commune=est;;;;recensement;1;;;;;S
"""
FIGURES = """\
- {id: communes, genre: barres, indicateur: personnes, par: commune, titre: Personnes, legende: L}
- {id: revenus, genre: avant_apres_groupes, indicateur: revenu, par: commune, titre: R, legende: L}
"""
PAGES = ("resume", "1_description", "2_realisations", "4_defis", "5_succes", "6_histoire")
PAGES += ("7_lecons", "8_contacts", "8_adresse", "methode")
RESULTS = '{{ figure("communes") }}\n\n{{ figure("revenus") }}\n'
# (people of Sud, of Est, their incomes): what the two sets of data have of their own.
HIDDEN = {
    "un": (3, 4, (5000, 6000, 7000, 8000, 9000, 3000, 4000)),
    "deux": (4, 3, (4000, 9000, 6000, 5000, 8000, 7000, 3000)),
}


def export(sud, est, incomes):
    """The rows of every person at both moments; the thirty of Nord earn 1 000 F CFA each."""
    communes = ["Nord"] * 30 + ["Sud"] * sud + ["Est"] * est
    people = zip(communes, (1000,) * 30 + incomes, strict=True)
    lines = [
        f"P{number};2022-0{month};{commune};{income}"
        for number, (commune, income) in enumerate(people, 1)
        for month in (5, 6)
    ]
    return "\n".join(["Code;Mois;Commune;Revenu", *lines, ""])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The project where the two sets of data are published in turn, kept as « un » and « deux »."""
    root = lay(tmp_path_factory.mktemp("projet"))
    decided = {"programme.yml": SETTINGS, "indicateurs.csv": PLAN, "figures.yml": FIGURES}
    decided |= {f"recit/{name}.md": "Des mots.\n" for name in PAGES}
    write_files(root / "programmes/essai", decided | {"recit/3_resultats.md": RESULTS})
    for name, hidden in HIDDEN.items():
        write_files(root / "data/raw/essai", {"suivi.csv": export(*hidden)})
        done = capidoc(root, "report", "essai", CAPIDOC_CLE="une clé")
        assert (done.returncode, done.stderr) == (0, "")
        shutil.copytree(root / "outputs/essai", root / name)
    return root


def public_files(folder):
    """{name: content} of what a set shows."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and folder / "interne" not in path.parents
    }


def test_other_hidden_values_change_no_public_byte_but_the_keyed_digest_of_the_data(root):
    first, second = public_files(root / "un"), public_files(root / "deux")
    kinds = {name.partition(".")[2] for name in first}
    assert kinds == {"html", "pdf", "docx", "png", "svg", "txt", "xlsx", "csv", "json"}
    assert [name for name in first if first[name] != second.get(name)] == ["manifest.json"]
    one, other = (json.loads(files["manifest.json"]) for files in (first, second))
    one["entrees"].pop("data/raw/essai/suivi.csv")
    other["entrees"].pop("data/raw/essai/suivi.csv")
    assert one == other and one["sorties"].keys() == first.keys() - {"manifest.json"}


def test_the_hidden_values_did_differ(root):
    pages = [(root / name / "interne/divulgation.html").read_bytes() for name in HIDDEN]
    assert pages[0] != pages[1]


def test_no_public_file_holds_the_digest_of_data_or_of_an_internal_file(root):
    internal = json.loads((root / "un/interne/manifest.json").read_text())
    data = {sha for name, sha in internal["entrees"].items() if not manifest.CODE.match(name)}
    digests = {*data, *internal["sorties"].values(), manifest.cache_key(internal["entrees"])}
    assert data and internal["sorties"]
    whole = b"\n".join(public_files(root / "un").values())
    assert [digest for digest in digests if digest[:8].encode() in whole] == []


def test_the_team_ties_the_public_manifest_to_the_files_with_its_key(root, monkeypatch):
    public, internal = (json.loads((root / "un" / n).read_text()) for n in manifest.MANIFESTS)
    monkeypatch.setenv("CAPIDOC_CLE", "une clé")
    pseudonyms.secret_key.cache_clear()
    for name, sha in internal["entrees"].items():
        keyed = pseudonyms.pseudonym(sha, "entrees")
        assert public["entrees"][name] == (sha if manifest.CODE.match(name) else keyed)
    pseudonyms.secret_key.cache_clear()


def test_both_parts_of_a_set_are_verified(root):
    done = capidoc(root, "verify", "essai")
    n_files = sum(path.is_file() for path in (root / "deux").rglob("*")) - len(manifest.MANIFESTS)
    assert f"{n_files} fichiers conformes au manifeste ;" in done.stdout
    (root / "outputs/essai/interne/qualite.html").write_text("autre")
    done = capidoc(root, "verify", "essai")
    assert (done.returncode, "interne/qualite.html : fichier modifié" in done.stderr) == (31, True)


def test_what_is_public_verifies_without_the_rest(root):
    shutil.rmtree(root / "outputs/essai/interne")
    done = capidoc(root, "verify", "essai", CAPIDOC_CLE="une autre")
    assert done.returncode == 0 and "sans ceux d’interne/" in done.stdout
    (root / "outputs/essai/capitalisation.docx").write_text("autre")
    assert capidoc(root, "verify", "essai").returncode == 31
