"""Invented programmes, one at least of each kind of leak that an attacker of the tables used."""

from dataclasses import replace

from .invented import Invented, indicator, quotient

SEX = "femme homme"
YES_NO = "oui non"

CROSSING = Invented(
    name="croisement",
    kind="un croisement sans ses marges",
    answers={"sexe": SEX, "commune": "a b c"},
    units="""
        fois sexe  commune
        1    femme a
        8    homme a
        7    femme b
        9    homme b
        11   femme c
        10   homme c
    """,
    plan=[
        indicator("tous", "effectif"),
        indicator("croises", "effectif", par="sexe*commune"),
        indicator("communes_de", "effectif", par="commune"),
        indicator("sexes", "effectif", par="sexe"),
    ],
)

ZONES = Invented(
    name="zones",
    kind="un effectif par commune et par zone, en deux lignes",
    answers={"sexe": SEX, "commune": "a b c d"},
    zones="nord: a b; sud: c d",
    units="""
        fois sexe  commune
        12   femme a
        12   homme a
        3    femme b
        20   femme c
        9    homme c
        8    femme d
        7    homme d
    """,
    plan=[
        indicator("par_commune", "effectif", par="commune"),
        indicator("par_zone", "effectif", par="zone"),
        indicator("femmes_zone", "effectif", filtre="sexe=femme", par="zone"),
    ],
)

THREE_ANSWERS = Invented(
    name="trois_reponses",
    kind="les trois réponses d’une question, en trois effectifs filtrés",
    answers={"sexe": SEX, "commune": "a b", "emploi": "stable precaire aucun"},
    units="""
        fois sexe  commune emploi
        9    femme a       stable
        12   homme a       stable
        14   femme b       precaire
        11   homme b       precaire
        3    femme a       aucun
    """,
    plan=[
        indicator("stables", "effectif", filtre="emploi=stable"),
        indicator("precaires", "effectif", filtre="emploi=precaire"),
        indicator("sans", "effectif", filtre="emploi=aucun"),
        indicator("occupes", "part", "emploi=stable|precaire", par="sexe"),
    ],
)

UNANIMITY = Invented(
    name="unanimite",
    kind="presque tous donnent une réponse sensible",
    answers={"sexe": SEX, "commune": "a b", "violence": YES_NO},
    sensitive="violence",
    units="""
        fois sexe  commune violence
        35   femme a       oui
        2    femme b       non
        37   homme a       oui
        1    homme b       non
    """,
    plan=[
        indicator("tous", "effectif", par="sexe"),
        indicator("victimes", "effectif", filtre="violence=oui", par="sexe"),
    ],
)

COUNTED_BY_N = Invented(
    name="n_et_manquants",
    kind="le n et les manquants d’une moyenne disent un effectif masqué",
    answers={"sexe": SEX, "commune": "a b c", "note": "nombre", "assidu": YES_NO},
    units="""
        fois sexe  commune note     assidu
        4    femme a       10|12|.  oui
        7    homme a       8|11|14  oui|non
        6    femme b       9|15     oui
        12   homme b       12|13|7  non
        15   femme c       10|16    oui|oui|.
        9    homme c       11       oui
    """,
    plan=[
        indicator("presents", "effectif", par="sexe*commune"),
        indicator(
            "note", "moyenne", "note", par="sexe*commune|commune", unite="points", arrondi="0,1"
        ),
        indicator("assidus", "part", "assidu=oui", par="sexe*commune|sexe"),
    ],
)

SHORTER = Invented(
    name="periode",
    kind="une période plus courte à côté de l’ensemble",
    answers={"sexe": SEX, "commune": "a b c", "inscrit": YES_NO},
    months=("2022-05", "2022-06", "2022-07"),
    periods=(("2022-05", "2022-06"),),
    units="""
        fois sexe  commune inscrit.2022-05 inscrit.2022-06 inscrit.2022-07
        3    femme a       oui             oui             oui
        9    homme a       non             non             oui
        7    femme b       oui             non             oui
        5    homme b       oui             non             oui
        2    homme b       oui             oui             -
        9    femme c       oui             oui             oui
        8    homme c       non             oui             oui
    """,
    plan=[
        indicator("inscrits", "effectif", filtre="inscrit=oui", par="commune", moments="debut|fin"),
    ],
)

ATTRITION = Invented(
    name="attrition",
    kind="une unité perdue, une nouvelle, et les bornes d’attrition",
    answers={"sexe": SEX, "commune": "a b", "revenu": "nombre", "actif": YES_NO},
    months=("2022-05", "2022-06"),
    units="""
        fois sexe  commune revenu.2022-05      revenu.2022-06      actif.2022-05 actif.2022-06
        8    femme a       41000|52000|37000   61000|55000|48000   oui           oui|non
        9    homme b       60000|45000|52000   70000|64000|58000   non|oui       oui
        1    homme a       83000               -                   oui           -
        1    femme b       -                   57000               -             non
    """,
    plan=[
        indicator(
            "revenu",
            "somme",
            "revenu",
            par="sexe",
            unite="F CFA",
            moments="debut|fin",
            minimum="0",
            maximum="200000",
        ),
        indicator("revenu_moyen", "moyenne", "revenu", unite="F CFA", moments="debut|fin"),
        indicator("actifs", "part", "actif=oui", moments="debut|fin"),
    ],
)

WEIGHTED = Invented(
    name="poids",
    kind="des estimations pondérées de quelques ménages",
    answers={
        "sexe": SEX,
        "commune": "a b",
        "milieu": "bourg hameau",
        "poids": "40 25",
        "eau": YES_NO,
    },
    attributes="sexe commune milieu poids",
    units="""
        fois sexe  commune milieu poids eau
        3    femme a       bourg  40    oui
        14   homme a       bourg  40    non
        12   femme b       hameau 25    oui
        11   homme b       hameau 25    non
    """,
    plan=[
        indicator(
            name,
            "effectif",
            filtre=filtre,
            par="milieu",
            unite="ménages",
            population="echantillon",
            poids="poids",
            strate="milieu",
        )
        for name, filtre in (("menages", ""), ("desservis", "eau=oui"))
    ],
)

RATIO = Invented(
    name="ratio",
    kind="un ratio dont le dénominateur est publié",
    answers={"sexe": SEX, "commune": "a b", "gain": "nombre", "heures": "nombre"},
    units="""
        fois sexe  commune gain        heures
        2    femme a       61000|48000 38|41
        7    femme b       .           52|47|44
        6    homme a       35000|42000 40|39
        8    homme b       51000|38000 45|36
    """,
    plan=[
        indicator("temps", "somme", "heures", par="sexe", unite="heures"),
        indicator("par_heure", "ratio", "gain", par="sexe", unite="F CFA", denominateur="heures"),
    ],
    untold=[indicator("gains", "somme", "gain", par="sexe", unite="F CFA")],
)

UNIT_WORDS = Invented(
    name="mots_d_unite",
    kind="« femmes », « unités », « ménages » plutôt que « personnes »",
    answers={"sexe": SEX, "commune": "a b", "titre": YES_NO},
    units="""
        fois sexe  commune titre
        2    femme a       oui
        11   femme b       non
        9    homme a       oui
        12   homme b       non
    """,
    plan=[
        indicator("femmes", "effectif", par="commune", filtre="sexe=femme", unite="femmes"),
        indicator("unites", "effectif", par="sexe*commune", unite="unités"),
        indicator("menages", "effectif", filtre="titre=oui", par="sexe", unite="ménages"),
    ],
)

MONEY = Invented(
    name="montants",
    kind="des montants de quelques-uns, ou que l’un domine",
    answers={"sexe": SEX, "commune": "a b c", "montant": "nombre"},
    units="""
        fois sexe  commune montant
        3    femme a       120000|95000|110000
        1    homme b       2400000
        7    femme b       80000|70000|65000
        9    homme c       150000|130000|170000
        8    femme c       90000|85000
    """,
    plan=[
        indicator("beneficiaires", "effectif", par="commune|sexe"),
        indicator("montants", "somme", "montant", par="commune|sexe", unite="F CFA"),
        indicator("hors_b", "somme", "montant", filtre="commune=a|c", unite="F CFA"),
        indicator("montant_moyen", "moyenne", "montant", par="commune", unite="F CFA"),
        quotient("en_euros", "montants.valeur", "655,9570", "EUR"),
        quotient("par_tete", "montants.valeur.b", "beneficiaires.valeur.b", "F CFA"),
    ],
)

REPEATS = Invented(
    name="repetitions",
    kind="les membres d’un ménage, par sexe, à côté des ménages",
    answers={"chef": SEX, "commune": "a b c"},
    attributes="chef commune",
    members={"sexe": SEX},
    units="""
        fois chef  commune membres
        2    femme a       femme:1
        6    homme a       femme:1+homme:2
        8    femme b       femme:2|femme:1+homme:1
        7    homme b       homme:1
        9    homme c       femme:1+homme:1
        5    femme c       homme:1
    """,
    plan=[
        indicator("menages", "effectif", par="commune|chef", unite="ménages"),
        indicator("membres", "nombre", par="sexe|commune|sexe*commune", source="suivi.membres"),
        indicator("par_chef", "nombre", par="chef*commune", source="suivi.membres"),
    ],
)

ROUNDS = Invented(
    name="passages",
    kind="trois passages et leurs différences",
    answers={"sexe": SEX, "commune": "a b", "inscrit": YES_NO},
    months=("2024-02", "2024-08", "2025-02"),
    settings="",
    source="""\
passages:
  reference: {debut: 2024-02-01, fin: 2024-02-28}
  mi_parcours: {debut: 2024-08-01, fin: 2024-08-31}
  finale: {debut: 2025-02-01, fin: 2025-02-28}
""",
    units="""
        fois sexe  commune inscrit.2024-02 inscrit.2024-08 inscrit.2025-02
        6    femme a       oui             oui             non
        6    femme a       non             non             oui
        6    homme a       .               non             .
        3    homme a       .               .               oui
        3    femme b       oui             non             non
        5    femme b       non             oui             oui
        6    homme b       non             oui             oui
        1    homme b       oui             oui             non
    """,
    plan=[
        indicator(
            "inscrits",
            "effectif",
            filtre="inscrit=oui",
            par="sexe",
            moments="reference|mi_parcours|finale",
        ),
        indicator("taux", "part", "inscrit=oui", moments="reference|mi_parcours|finale"),
    ],
)

EDITIONS = Invented(
    name="editions",
    kind="une édition d’une personne de plus",
    answers={"sexe": SEX, "commune": "a b", "note": "nombre"},
    units="""
        fois sexe  commune note
        11   femme a       10|14
        9    homme a       11|12
        8    femme b       9|13
        12   homme b       8|15
    """,
    newcomers="""
        fois sexe  commune note
        1    femme b       19
    """,
    plan=[
        indicator("inscrits", "effectif", par="sexe|commune"),
        indicator("note", "moyenne", "note", par="sexe", unite="points", arrondi="0,1"),
    ],
)

EDITION_OVER_THRESHOLD = Invented(
    name="editions_seuil",
    kind="un effectif masqué dans une édition, montré dans la suivante",
    answers={"sexe": SEX, "commune": "a b c"},
    units="""
        fois sexe  commune
        3    femme a
        9    homme b
        12   femme c
    """,
    newcomers="""
        fois sexe  commune
        5    homme a
    """,
    plan=[indicator("inscrits", "effectif", par="commune")],
)

SENSITIVE = Invented(
    name="sensible",
    kind="une réponse sensible, par sexe, par commune, par handicap",
    answers={"sexe": SEX, "commune": "a b c", "handicap": YES_NO, "emploi": YES_NO},
    attributes="sexe commune handicap",
    zones="nord: a b; sud: c",
    sensitive="handicap",
    units="""
        fois sexe  commune handicap emploi
        12   femme a       non      oui
        4    femme a       oui      non
        11   homme a       non      oui
        3    femme b       oui      oui|non
        19   homme b       non      oui
        6    homme b       oui      non
        17   femme c       non      oui|non
        10   homme c       oui      oui|non
    """,
    plan=[
        indicator("tous", "effectif", par="sexe|commune|sexe*commune"),
        indicator("handicapes", "effectif", filtre="handicap=oui", par="sexe|commune|zone"),
        indicator("valides", "effectif", filtre="handicap=non", par="sexe"),
        indicator("employes", "part", "emploi=oui", par="handicap|sexe"),
        indicator("par_handicap", "effectif", par="handicap|sexe*handicap"),
    ],
)

NESTED = Invented(
    name="classes",
    kind="deux classes dont l’une contient l’autre",
    answers={"sexe": SEX, "commune": "a b", "age": "nombre"},
    source="""\
classes: {classe: {question: age, bornes: [18, 35, 41]}, adultes: {question: age, bornes: [35]},
  aines: {question: age, bornes: [41]}}
""",
    units="""
        fois sexe  commune age
        3    femme a       16|17
        9    femme a       20|24|29
        8    homme b       19|33
        10   homme a       44|52
        3    homme b       35|38
        7    femme b       43|61
    """,
    plan=[
        indicator("par_classe", "effectif", par="classe"),
        indicator("adultes_de", "effectif", par="adultes"),
        indicator("aines_de", "effectif", par="aines"),
    ],
)

TRACKED = Invented(
    name="cibles",
    kind="des cibles par période, cumulées",
    answers={"sexe": SEX, "commune": "a b", "forme": YES_NO},
    months=("2022-05", "2022-06", "2022-07"),
    units="""
        fois sexe  commune forme.2022-05 forme.2022-06 forme.2022-07
        4    femme a       oui           -             -
        9    homme a       -             oui           oui
        3    femme b       -             -             oui
        8    homme b       oui           oui           -
    """,
    plan=[
        indicator("vus", "effectif", cible="2022-05=10|2022-06=20|2022-07=25", suivi="distinct"),
        indicator(
            "formes",
            "effectif",
            filtre="forme=oui",
            cible="2022-05=10|2022-06=20|2022-07=25",
            suivi="cumul",
        ),
        indicator(
            "formees_de_mai",
            "effectif",
            filtre="sexe=femme",
            cible="2022-05=10|2022-07=5",
            suivi="distinct",
        ),
    ],
)

COMMUNE = Invented(
    name="commune",
    kind="le document d’une commune à côté de l’ensemble",
    answers={"sexe": SEX, "commune": "a b c", "emploi": YES_NO, "gain": "nombre"},
    communes=("a", "b"),
    units="""
        fois sexe  commune emploi  gain
        4    femme a       oui     50000|62000
        9    homme a       oui|non 48000|71000
        3    femme b       non     39000|45000
        11   homme b       oui     52000|47000
        8    femme c       oui|non 66000|58000
        7    homme c       non     43000|61000
    """,
    plan=[
        indicator("tous", "effectif", par="commune|sexe"),
        indicator("employes", "effectif", filtre="emploi=oui", par="commune|sexe"),
        indicator("taux", "part", "emploi=oui", par="commune|sexe"),
        indicator("gains", "somme", "gain", par="commune", unite="F CFA"),
        indicator("gain_moyen", "moyenne", "gain", par="commune|sexe", unite="F CFA"),
    ],
)

VIOLENCE = Invented(
    name="sensible_passages",
    kind="une question sensible à deux moments, en effectif et en part",
    answers={"sexe": SEX, "commune": "a b", "violence": YES_NO},
    sensitive="violence",
    months=("2022-05", "2022-06"),
    units="""
        fois sexe  commune violence.2022-05 violence.2022-06
        12   femme a       oui              oui|non
        15   femme b       non              oui
        21   homme a       oui              non
        14   homme b       non              oui
        2    homme b       oui              -
    """,
    plan=[
        indicator("victimes", "effectif", filtre="violence=oui", par="sexe", moments="debut|fin"),
        indicator("taux", "part", "violence=oui", par="sexe", moments="debut|fin"),
    ],
)

# One that is published whole, documents and charts: in two worlds that print alike, between which
# one person moves from a commune that is hidden to another.
CHARTS = """\
- {id: inscrits_commune, genre: barres, indicateur: inscrits, par: commune, unites: personnes,
   titre: "{{ inscrits.valeur }} inscrits", legende: Par commune, source: suivi}
- {id: montants_commune, genre: barres, indicateur: montants, par: commune, unites: personnes,
   titre: "{{ montants.valeur }} versés", legende: Par commune, source: suivi}
"""
WHOLE = Invented(
    name="document",
    kind="un jeu entier, documents et figures",
    answers={"sexe": SEX, "commune": "a b c d", "montant": "nombre"},
    charts=CHARTS,
    units="""
        fois sexe  commune montant
        3    femme a       41700
        12   homme b       41700
        30   femme c       41700
        40   homme d       47300|52600
    """,
    plan=[
        indicator("inscrits", "effectif", par="commune", cible="60"),
        indicator("montants", "somme", "montant", par="commune", unite="F CFA"),
        indicator("montant_moyen", "moyenne", "montant", par="commune", unite="F CFA"),
    ],
)
OTHER_WORLD = replace(
    WHOLE,
    units=WHOLE.units.replace("3    femme", "2    femme").replace("12   homme", "13   homme"),
)

ALL = (
    CROSSING,
    ZONES,
    THREE_ANSWERS,
    UNANIMITY,
    COUNTED_BY_N,
    SHORTER,
    ATTRITION,
    WEIGHTED,
    RATIO,
    UNIT_WORDS,
    MONEY,
    REPEATS,
    ROUNDS,
    EDITIONS,
    EDITION_OVER_THRESHOLD,
    SENSITIVE,
    VIOLENCE,
    COMMUNE,
    NESTED,
    TRACKED,
    WHOLE,
)
