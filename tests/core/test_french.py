"""The promises of capidoc/french.py, each expectation written by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capidoc.core import french

# In the expected sentences: ~ is the no-break space, ¦ the narrow one.
SENTENCES = [
    ("Est-ce vrai?", "Est-ce vrai¦?"),
    ("Est-ce vrai ?", "Est-ce vrai¦?"),
    ("Bravo!", "Bravo¦!"),
    ("Quoi ?!", "Quoi¦?!"),
    ("Formés; suivis", "Formés¦; suivis"),
    ("Formés ; suivis", "Formés¦; suivis"),
    ("(vraiment?)", "(vraiment¦?)"),
    ("Un doute (?) demeure", "Un doute (?) demeure"),
    ("Note: à lire", "Note~: à lire"),
    ("Note : à lire", "Note~: à lire"),
    ("Étape 1 :", "Étape 1~:"),
    ("Rendez-vous à 10:30", "Rendez-vous à 10:30"),
    ("Départ 10:30: soyez là", "Départ 10:30~: soyez là"),
    ("Un rapport de 3:1", "Un rapport de 3:1"),
    ("Voir https://exemple.org/a?b=1;c=2", "Voir https://exemple.org/a?b=1;c=2"),
    ("Voir https://exemple.org/l'eau: merci", "Voir https://exemple.org/l'eau~: merci"),
    ("Connaissez-vous www.exemple.org?", "Connaissez-vous www.exemple.org¦?"),
    ("Écrire à awa.diarra@exemple.org; merci", "Écrire à awa.diarra@exemple.org¦; merci"),
    ("« fragiles »", "«~fragiles~»"),
    ("«fragiles»", "«~fragiles~»"),
    ("«¦fragiles¦»", "«~fragiles~»"),
    ('restent "fragiles, mais stables" ici', "restent «~fragiles, mais stables~» ici"),
    ('Le volet "Marché": deux axes', "Le volet «~Marché~»~: deux axes"),
    ('l\'"eau"', "l’«~eau~»"),
    ("l'équipe d'appui aujourd'hui", "l’équipe d’appui aujourd’hui"),
    ("N'Tossoni et M'Pessoba", "N’Tossoni et M’Pessoba"),
    ("un mur de 5' de haut", "un mur de 5' de haut"),
    ("1 012 000 F CFA", "1¦012¦000~F¦CFA"),
    ("37~571~550 F CFA", "37¦571¦550~F¦CFA"),
    ("un montant en F CFA", "un montant en F¦CFA"),
    ("172%", "172~%"),
    ("172 %", "172~%"),
    ("−5,3 %", "−5,3~%"),
    ("100%, puis 50%.", "100~%, puis 50~%."),
    ("12 € par mois", "12~€ par mois"),
    ("pendant 18 mois", "pendant 18~mois"),
    ("à 25 km de Ségou", "à 25~km de Ségou"),
    ("En 2022 l'équipe part", "En 2022 l’équipe part"),
    ("En 2022 500 personnes", "En 2022 500 personnes"),
    ("tél. 76 12 34 56", "tél. 76 12 34 56"),
    ("n°12 et n° 13", "n°~12 et n°~13"),
    ("le 31 octobre 2023", "le 31~octobre 2023"),
    ("le 1er mars", "le 1er~mars"),
    ("et ainsi de suite...", "et ainsi de suite…"),
    ("douze -- au moins -- partent", "douze – au moins – partent"),
    ("make report --force", "make report --force"),
    ("C:\\donnees", "C:\\donnees"),
    ("fig:revenu", "fig:revenu"),
    ("Ɲɔgɔn ka dɛmɛ!", "Ɲɔgɔn ka dɛmɛ¦!"),
    # nested quotes
    ("« Le mot « capital » revient »", "«~Le mot «~capital~» revient~»"),
    ("« Il a dit “oui” », dit-elle.", "«~Il a dit “oui”~», dit-elle."),
    ('"Quoi?" dit-il', "«~Quoi¦?~» dit-il"),
    ("Est-ce « vrai »?", "Est-ce «~vrai~»¦?"),
    ("Il dit «oui»!", "Il dit «~oui~»¦!"),
    ("« oui »; « non ».", "«~oui~»¦; «~non~»."),
    # apostrophes
    ("qu'1 sur 2, d'1 million", "qu’1 sur 2, d’1~million"),
    ("5'30\" de course", "5'30\" de course"),
    ("les années '90", "les années '90"),
    ("un lot de 20'000", "un lot de 20'000"),
    ("presqu'île, l'ONU, rock'n'roll", "presqu’île, l’ONU, rock’n’roll"),
    # times, ratios, scales
    ("de 8 h à 17 h 30", "de 8~h à 17~h~30"),
    ("à 12h30; puis 14 h.", "à 12h30¦; puis 14~h."),
    ("10:30:15 et 1:25 000", "10:30:15 et 1:25¦000"),
    ("une échelle de 1/25 000", "une échelle de 1/25¦000"),
    # ordinals and centuries
    ("du 1er au 15 mars 2023", "du 1er au 15~mars 2023"),
    ("le XIXe siècle et le 21e siècle", "le XIXe~siècle et le 21e~siècle"),
    ("la 2e phase du 1er trimestre", "la 2e phase du 1er trimestre"),
    ("au Ier siècle", "au Ier~siècle"),
    # signs, ranges and negative numbers
    ("une baisse de -12 %", "une baisse de −12~%"),
    ("entre -5 et +5 %", "entre −5 et +5~%"),
    ("2021-2023, 2022/2023 et 2021–2023", "2021-2023, 2022/2023 et 2021–2023"),
    ("le 2023-10-31, à -5 °C", "le 2023-10-31, à −5~°C"),
    ("avant-hier, ENT-01 et AP-58", "avant-hier, ENT-01 et AP-58"),
    ("± 5 % et ≥ 10 ans", "±~5~% et ≥~10~ans"),
    ("de 10 à 15 %", "de 10 à 15~%"),
    ("3 000 à 4 000 F CFA", "3¦000 à 4¦000~F¦CFA"),
    ("−11,8 points de %", "−11,8~points de~%"),
    # units
    ("12 m², 1,5 ha et 3 L d'eau", "12~m², 1,5~ha et 3~L d’eau"),
    ("40°C, puis 38 °C", "40~°C, puis 38~°C"),
    ("655,957 F CFA pour 1 €", "655,957~F¦CFA pour 1~€"),
    ("12 millions de F CFA", "12~millions de F¦CFA"),
    ("12 personnes en 3 semaines", "12 personnes en 3~semaines"),
    ("500 FCFA; 20%!", "500~FCFA¦; 20~%¦!"),
    ("1 234 567,89", "1¦234¦567,89"),
    # people and references
    ("Mme Traoré et M. Diarra", "Mme~Traoré et M.~Diarra"),
    ("le Dr Coulibaly; MM. Keïta", "le Dr~Coulibaly¦; MM.~Keïta"),
    ("p. 12, pp. 3-4, art. 5 et fig. 2", "p.~12, pp.~3-4, art.~5 et fig.~2"),
    ("Drame et Mmemo", "Drame et Mmemo"),
    # addresses and marks
    ("Voir (https://exemple.org).", "Voir (https://exemple.org)."),
    ("ftp://exemple.org/a;b: ici", "ftp://exemple.org/a;b~: ici"),
    ("http://exemple.org:8080/a-12?x=-3", "http://exemple.org:8080/a-12?x=-3"),
    ("mailto:a@exemple.ml; merci", "mailto:a@exemple.ml¦; merci"),
    ("Qui? Quoi?! Où…", "Qui¦? Quoi¦?! Où…"),
    ("a:b, a;b et C++", "a:b, a;b et C++"),
    ("", ""),
]


@pytest.mark.parametrize(("typed", "printed"), SENTENCES)
def test_typography_of_a_sentence(typed, printed):
    def spaced(text):
        return text.replace("~", "\u00a0").replace("¦", "\u202f")

    assert french.typeset(spaced(typed)) == spaced(printed)


@given(
    st.one_of(
        st.text(alphabet=" \u00a0\u202f\n;:!?«»\"'’.…,%()aFCAn°1025-–/@\ue000\uf400", max_size=16),
        st.text(),
    )
)
def test_typography_twice_is_typography_once(text):
    once = french.typeset(text)
    assert french.typeset(once) == once


@pytest.mark.parametrize(
    ("value", "decimals", "printed"),
    [
        (1012000, 0, "1\u202f012\u202f000"),
        (1878577.5, 1, "1\u202f878\u202f577,5"),
        (-2038400, 0, "\u22122\u202f038\u202f400"),
        (2.5, 0, "3"),
        (-2.5, 0, "\u22123"),
        (2.675, 2, "2,68"),
        (-0.3, 0, "0"),
        (0, 0, "0"),
        (None, 0, "n.d."),
        (math.nan, 1, "n.d."),
        (math.inf, 1, "n.d."),
    ],
)
def test_number(value, decimals, printed):
    assert french.format_number(value, decimals) == printed


@pytest.mark.parametrize(
    ("value", "unit", "step", "printed"),
    [
        (1012000, "F CFA", 1, "1\u202f012\u202f000\u00a0F\u202fCFA"),
        (539987.07, "F CFA", 1000, "540\u202f000\u00a0F\u202fCFA"),
        (171.7786, "%", 1, "172\u00a0%"),
        (178.5714, "%", 0.1, "178,6\u00a0%"),
        (105023, "EUR", 1, "105\u202f023\u00a0€"),
        (18, "mois", 1, "18\u00a0mois"),
        (-11.8, "points de %", 0.1, "\u221211,8\u00a0points de\u00a0%"),
        (78, "protocoles", 1, "78"),
        (80, "personnes", 1, "80"),
        (None, "F CFA", 1, "n.d."),
        (math.nan, "%", 0.1, "n.d."),
    ],
)
def test_quantity(value, unit, step, printed):
    assert french.format_quantity(value, unit, step) == printed


def test_months_are_told_in_french():
    assert french.format_month("2022-05") == "mai 2022"
    assert french.format_month("2022-09", "LLL") == "sept."


def test_names_are_sorted_whatever_their_accents_capitals_and_apostrophes():
    assert sorted(["Fana", "Écho", "N’Tossoni", "eau", "Niono", "Dana"], key=french.sort_key) == [
        "Dana",
        "eau",
        "Écho",
        "Fana",
        "Niono",
        "N’Tossoni",
    ]


def test_listing_joins_the_last_with_et():
    assert french.join_words(["a", "b", "c"]) == "a, b et c"
    assert french.join_words(["a", "b"]) == "a et b"
    assert french.join_words(["a"]) == "a"
    assert french.join_words([]) == ""
