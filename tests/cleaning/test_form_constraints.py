"""What a form required, judged as a tablet does; what only a tablet can judge is unsupported."""

import pandas as pd
import pytest

from capidoc.cleaning.evaluation import KNOWN, evaluate
from capidoc.config.expressions import UnsupportedExpression, parse

TODAY = "2023-10-31"


def judged(rule, answers):
    """What a rule says of an answer and of those that it reads: None where it cannot say."""
    expression = parse(rule)
    names = [".", *(name for name in expression.reads if name != ".")]
    table = pd.DataFrame([answers], columns=names, dtype=object)
    found = evaluate(expression, table, {}, TODAY)
    return bool(found.data[0]) if found.lack[0] == KNOWN else None


@pytest.mark.parametrize(
    ("rule", "answers", "admitted"),
    [
        (". >= 10 and . <= 65", ["10"], True),
        (". >= 10 and . <= 65", ["9.5"], False),
        (". > 0 or . = -99", ["-99"], True),
        (". <= ${total}", ["9", "10"], True),
        (". <= ${ total }", ["11", "10"], False),
        ("${installe} = 'oui'", ["x", "non"], False),
        ("selected(., 'vente')", ["vente location"], True),
        (
            "not(selected(${a}, 'aucune') and count-selected(${a}) > 1)",
            ["x", "aucune vente"],
            False,
        ),
        ("selected(../commune, 'other')", ["x", "niono"], False),
        ("regex(., '^ENT-[0-9]{2}$')", ["ENT-01"], True),
        ("regex(., '[0-9]{8}')", ["1234567"], False),
        ("string-length(.) = 8", ["12345678"], True),
        (". <= today()", [TODAY], True),
        (". <= today()", ["2023-11-01"], False),
        (". >= ${debut}", ["2022-05-02", "2022-05-13"], False),
        (". > date('2022-01-01')", ["2022-01-02"], True),
        (". > '2022-01-01'", ["2021-12-31"], False),
        ("if(${sexe} = 'femme', . <= 50, . <= 60)", ["55", "femme"], False),
        (". mod 5 = 0", ["15"], True),
        ("int(.) = .", ["1.5"], False),
        ("coalesce(${a}, ${b}) = 'x'", ["1", "", "x"], True),
        ("(. > 1) and (${a} = 'b/c')", ["2", "b/c"], True),
    ],
)
def test_a_rule_admits_what_the_tablet_would(rule, answers, admitted):
    assert judged(rule, answers) is admitted


@pytest.mark.parametrize(
    "rule",
    [
        "pulldata('prix', 'max')",
        "regex(., '[')",
        "int('abc') = 1",
        "if(. = 1, 2)",
        "/data/groupe/age > 3",
        "count(../../apprentis) > 1",
        "position(..) = 1",
        ". >",
        "document('f')",
        "${a} > sum(//b)",
    ],
)
def test_a_rule_that_one_record_cannot_answer_is_beyond_us(rule):
    try:
        reads = parse(rule).reads
    except UnsupportedExpression:
        return
    assert judged(rule, ["1", *(name for name in reads if name != ".")]) is None
