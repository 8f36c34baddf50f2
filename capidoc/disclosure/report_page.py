"""What was hidden, by which rule, and what a reader could still work out: for the team's own eyes."""

import pandas as pd

from capidoc.analysis import facts
from capidoc.core import french, html_pages
from capidoc.core.html_pages import Section
from capidoc.io import tables

SAID = {
    "D3": "de 1 à 4 personnes : imprimé « < 5 »",
    "D4": "réponse sensible : trop peu de personnes, ou dite par commune",
    "D5": "montant de moins de cinq contributeurs, ou que l’un d’eux domine",
    "D6": "trahirait par soustraction un nombre masqué, ou une édition passée",
    "D7": "taux, moyenne ou différence dont une partie est masquée, ou trop peu d’unités",
    "D8": "médiane ou quart de trop peu d’unités",
    "D10": "le document d’ensemble ne le montre pas pour cette commune",
    "D3+D6": "« < 5 » le dirait par addition : imprimé « n.p. »",
}


def write_disclosure_page(programme, workshop, searched):
    """Nothing; the page stands in the workshop's internal folder; `searched` is what the scan of the files went over (files, words)."""
    here = programme.processed
    proof, register = (
        tables.read_csv(here / "divulgation.csv", bas=float, haut=float),
        tables.read_csv(here / "consentements.csv"),
    )
    html_pages.write_page(
        workshop / "interne" / "divulgation.html",
        f"{programme.identity.nom} : ce que les documents publics ne montrent pas",
        sections(facts.read_facts(here / "resultats.json"), proof, register, searched),
        programme.templates,
    )


def sections(known, proof, consents, searched):
    """The sections of the page: rules and how much each hid, every hidden figure, consents, the scan of the files (files, words)."""
    hidden = known[known["statut_divulgation"] != "publiable"]
    rules = hidden["statut_divulgation"].str.removeprefix("masque:")
    counts = (
        rules.value_counts().sort_index().rename_axis("Règle").reset_index(name="Nombres masqués")
    )
    bounds = proof.set_index("id").reindex(hidden["id"])
    left = [
        _told(low, high, step)
        for low, high, step in zip(bounds["bas"], bounds["haut"], hidden["arrondi"], strict=True)
    ]
    cells = pd.DataFrame(
        {
            "Fait": hidden["id"],
            "Indicateur": hidden["libelle"],
            "Valeur": hidden["texte"],
            "n": hidden["n"],
            "Règle": rules,
            "Un lecteur peut déduire": left,
        }
    )
    register = consents[["id", "genre", "canaux", "date", "motif"]].set_axis(
        ["Id", "Genre", "Documents", "Date", "Motif"], axis=1
    )
    return [
        Section(
            "Ce qui est masqué, par règle",
            f"{len(hidden)} nombres sur {len(known)} ne sont pas publics.",
            counts.assign(Raison=counts["Règle"].map(SAID)),
        ),
        Section(
            "Chaque nombre masqué",
            "Ce que les nombres publics laissent encore calculer de chacun : une fourchette, jamais la valeur.",
            cells,
        ),
        Section(
            "Témoignages, citations et photos",
            "Un motif vide : l’accord vaut à la date du document.",
            register,
        ),
        Section(
            "Recherche dans les fichiers publics",
            f"{searched[0]} fichiers relus ; aucun ne montre l’une des {searched[1]} réponses retenues au nettoyage "
            "(noms, téléphones, lieux, textes libres), ni un contact, ni un auteur, ni un commentaire.",
        ),
    ]


def _told(low, high, step):
    if high != high or high is None:
        return (
            "rien"
            if low != low or low is None
            else f"au moins {french.format_quantity(low, '', step)}"
        )
    return f"de {french.format_quantity(low, '', step)} à {french.format_quantity(high, '', step)}"
