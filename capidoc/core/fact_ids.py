"""What is a fact called: the id under which texts, tables and charts ask for it."""


def assign_fact_ids(facts):
    """The id of each row: indicateur.mesure, then its month (for a course) or its group; index as given.

    A group is named by its answer (« femme », crossed « femme_niono »), with its dimension (« handicap_oui ») where two dimensions of
    the indicator have that answer.
    """
    said = facts["groupe"].map(
        lambda group: "_".join(part.partition("=")[2] or part for part in group.split(","))
    )
    doubled = facts["groupe"].groupby([facts["indicateur"], said]).transform("nunique") > 1
    group = said.mask(doubled, facts["groupe"].str.replace("=", "_").str.replace(",", "_"))
    last = group.mask(facts["mesure"] == "cours", facts["moment"])
    return (
        facts["indicateur"]
        + "."
        + facts["mesure"]
        + last.map(lambda name: f".{name}" if name else "")
    )
