"""The team's page of what was hidden, by which rule, and what a reader could still work out."""

from pathlib import Path

import pandas as pd

from capidoc.analysis import facts as fact_table
from capidoc.config.programme import Programme
from capidoc.config.programme_model import Disclosure, Identity
from capidoc.core import french, html_pages
from capidoc.core.html_pages import Section
from capidoc.core.schema import CONSENTS_CSV, DISCLOSURE_CSV, FACTS_JSON
from capidoc.disclosure import rules
from capidoc.disclosure.advice import advise
from capidoc.io import tables


def write_disclosure_page(
    programme: Programme, staging_dir: Path, scanned: tuple[int, int]
) -> None:
    """Write interne/divulgation.html; `scanned` counts public files and withheld answers."""
    folder = programme.processed
    page = sections(
        fact_table.read_facts(folder / FACTS_JSON),
        tables.read_csv(folder / DISCLOSURE_CSV, bas=float, haut=float),
        tables.read_csv(folder / CONSENTS_CSV),
        scanned,
        programme.identity,
    )
    title = f"{programme.identity.nom} : ce que les documents publics ne montrent pas"
    path = staging_dir / "interne" / "divulgation.html"
    html_pages.write_page(path, title, page, programme.templates)


def sections(
    facts: pd.DataFrame,
    proof: pd.DataFrame,
    consents: pd.DataFrame,
    scanned: tuple[int, int],
    identity: Identity,
) -> list[Section]:
    """Return the sections of the page: rules, hidden figures, consents, the scan of the files."""
    hidden = facts[facts["statut_divulgation"] != rules.PUBLIC]
    counts = rules.codes_of(hidden).value_counts().sort_index().rename_axis("Règle")
    counts = counts.reset_index(name="Nombres masqués")
    register = consents[["id", "genre", "canaux", "date", "motif"]]
    return [
        Section(
            "Ce qui est masqué, par règle",
            f"{len(hidden)} nombres sur {len(facts)} ne sont pas publics.",
            counts.assign(Raison=counts["Règle"].map(reasons(identity.divulgation))),
        ),
        *_advised_sections(facts, proof, identity),
        Section(
            "Témoignages, citations et photos",
            "Un motif vide : l’accord vaut à la date du document.",
            register.set_axis(["Id", "Genre", "Documents", "Date", "Motif"], axis=1),
        ),
        Section(
            "Recherche dans les fichiers publics",
            f"{scanned[0]} fichiers relus ; aucun ne montre l’une des {scanned[1]} réponses "
            "retenues au nettoyage (noms, téléphones, lieux, textes libres), ni un contact, ni un "
            "auteur, ni un commentaire.",
        ),
    ]


def _advised_sections(
    facts: pd.DataFrame, proof: pd.DataFrame, identity: Identity
) -> list[Section]:
    """Return the section of remedies, and that of each hidden figure with its own."""
    hidden = facts[facts["statut_divulgation"] != rules.PUBLIC]
    advice, remedies = _advice(facts, proof, identity)
    own = {"Pour ne pas trahir": [*advice["cause"]], "Remède": [*advice["numero"]]}
    return [
        Section(
            "Ce qui les montrerait",
            "Un changement du plan ou des zones, et les nombres qu’il rendrait publics.",
            remedies,
        ),
        Section(
            "Chaque nombre masqué",
            "Ce qui le masque, ce qui le montrerait, et ce qu’un lecteur ne peut écarter : une "
            "fourchette, jamais la valeur.",
            _hidden_figures(hidden, proof).assign(**own),
        ),
    ]


def reasons(thresholds: Disclosure) -> dict[str, str]:
    """Return what each rule hides, in French, by its code."""
    people = thresholds.personnes
    few = "cinq" if thresholds.contributeurs == 5 else thresholds.contributeurs
    return {
        rules.SMALL_COUNT: f"de 1 à {people - 1} personnes : imprimé « < {people} »",
        rules.SENSITIVE: "réponse sensible : trop peu de personnes, ou dite par commune",
        rules.FEW_CONTRIBUTORS: f"montant de moins de {few} contributeurs, "
        "ou que l’un d’eux domine",
        rules.SECONDARY: "trahirait par soustraction un nombre masqué, ou une édition passée",
        rules.DERIVED: "taux, moyenne ou différence dont une partie est masquée, "
        "ou trop peu d’unités",
        rules.QUANTILE: "médiane ou quart de trop peu d’unités",
        rules.GEOGRAPHY: "le document d’ensemble ne le montre pas pour cette commune",
        rules.UNBRACKETED_COUNT: f"« < {people} » le dirait par addition : imprimé « n.p. »",
    }


def _hidden_figures(hidden: pd.DataFrame, proof: pd.DataFrame) -> pd.DataFrame:
    """Return one row per hidden figure, with what a reader can not exclude of it."""
    bounds = proof.set_index("id").reindex(hidden["id"])
    intervals = zip(bounds["bas"], bounds["haut"], hidden["arrondi"], strict=True)
    return pd.DataFrame(
        {
            "Fait": hidden["id"],
            "Valeur": hidden["texte"],
            "n": hidden["n"],
            "Règle": rules.codes_of(hidden),
            "Un lecteur n’écarte pas": [format_bounds(*interval) for interval in intervals],
        }
    )


def _advice(
    facts: pd.DataFrame, proof: pd.DataFrame, identity: Identity
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `advise` with the number of each remedy, and the table of these remedies."""
    advice = advise(facts, proof, identity.divulgation, identity.communes)
    labels = dict(zip(facts["id"], facts["libelle"], strict=True))
    causes = advice["cause"].where(advice["cause"] != "", advice["id"])
    keys = [causes.map(labels), advice["remede"]]
    advice = advice.assign(numero=advice.groupby(keys, sort=False).ngroup() + 1)
    rows = advice.assign(indicateur=keys[0]).groupby("numero")
    columns = {"Indicateur": rows["indicateur"].first(), "Nombres": rows.size()}
    remedies = pd.DataFrame(columns | {"Pour les montrer": rows["remede"].first()})
    return advice, remedies.rename_axis("Remède").reset_index()


def format_bounds(low: float, high: float, step: float) -> str:
    """Return « de 1 à 4 », « plus de 1 » or « moins de 4 », « » without ends, as printed."""
    lowest, highest = (french.format_quantity(bound, "", step) for bound in (low, high))
    if pd.notna(low) and pd.notna(high):
        return f"de {lowest} à {highest}"
    if pd.notna(high):
        return f"moins de {highest}"
    return f"plus de {lowest}" if pd.notna(low) else ""
