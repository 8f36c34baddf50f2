"""Columns as categories say what the same columns say as texts."""

import numpy as np
import pandas as pd

from capidoc.core import categorical

COMMUNES = categorical.to_categorical(pd.Series(["niono", "", "dieli", "niono"]))


def test_distinct_values_are_those_on_a_row_in_the_order_of_the_categories():
    assert categorical.present_values(COMMUNES) == ["niono", "", "dieli"]
    assert categorical.present_values(COMMUNES.iloc[1:3]) == ["", "dieli"]


def test_words_are_replaced_wherever_they_are_and_may_become_the_same():
    merged = categorical.map_values(COMMUNES, {"dieli": "niono", "absent": "x"})
    assert merged.tolist() == ["niono", "", "niono", "niono"]
    assert list(merged.cat.categories) == ["niono", ""]


def test_each_distinct_word_is_parsed_once_and_none_that_is_on_no_row():
    parsed = []

    def length(word):
        parsed.append(word)
        return len(word) or None

    numbers = categorical.to_numbers(COMMUNES.iloc[:2], length)
    assert parsed == ["niono", ""] and numbers.fillna(-1).tolist() == [5, -1]


def test_some_rows_get_one_word_or_as_many_words():
    rows = np.array([True, False, False, True])
    assert categorical.assign_rows(COMMUNES, rows, "neuf").tolist() == ["neuf", "", "dieli", "neuf"]
    words = categorical.assign_rows(COMMUNES, [0, 3], pd.Series(["x", "dieli"]))
    assert words.tolist() == ["x", "", "dieli", "dieli"]
    assert COMMUNES.tolist() == ["niono", "", "dieli", "niono"]


def test_columns_of_other_categories_are_compared_row_by_row():
    second = categorical.to_categorical(pd.Series(["niono", "x", "dieli", ""]))
    assert categorical.rows_equal(COMMUNES, second).tolist() == [True, False, True, False]


def test_a_text_column_that_a_table_lacks_is_empty_there():
    first = pd.DataFrame({"commune": COMMUNES, "n": 1})
    second = pd.DataFrame({"sexe": ["f"], "n": 2}, index=[7])
    tables = [first, second.assign(sexe=categorical.to_categorical(second["sexe"]))]
    both = categorical.concat_tables(tables)
    assert both["commune"].tolist() == ["niono", "", "dieli", "niono", ""]
    assert both["sexe"].tolist() == ["", "", "", "", "f"]
    assert both["n"].tolist() == [1, 1, 1, 1, 2] and len(tables) == 2
