"""Layout of text files: lines that are not data, delimiters, quotes and blanks."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.dataset import Dataset
from core.datasets.files import Source
from core.datasets.files.byte_stream import PlainStream
from core.datasets.files.dialect import BLANKS, find_delimiter
from core.datasets.files.layout import find_layout
from core.datasets.files.lines import BLOCK, Lines
from core.datasets.files.rows import Rows, Skipped, fitted
from tests.core.datasets.files.samples import Folder, fuzzed, no_word, notes_of, parsing

ROWS = "1,2,x\n2,3,y\n3,4,x\n4,6,y\n5,5,x\n6,7,y\n"
HEADER = "a,b,kind\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def is_plain(data: Dataset) -> bool:
    """Return whether the table is that of `HEADER` and `ROWS`."""
    return (
        data.x.tolist() == [[1, 2], [2, 3], [3, 4], [4, 6], [5, 5], [6, 7]]
        and data.y.tolist() == [0, 1] * 3
        and data.feature_names == ("a", "b")
        and data.class_names == ("x", "y")
    )


# files and a part of the note on each
READ: dict[str, tuple[str, str]] = {
    "separator line": ("sep=;\n" + (HEADER + ROWS).replace(",", ";"), "as the first line says"),
    "quoted separator line": ('"sep=|"\r\n' + (HEADER + ROWS).replace(",", "|"), "first line says"),
    "separator tab": ("sep=\t\n" + (HEADER + ROWS).replace(",", "\t"), "separated by tab"),
    "title": ("Sales of 2023\n\n" + HEADER + ROWS, "Title in line 1, left out: 'Sales of 2023'"),
    "titles": ("Sales\nby region, 2023\n".replace(", ", " ") + HEADER + ROWS, "lines 1 to 2"),
    "title with delimiters": ("Sales,,\n,,\n" + HEADER + ROWS, "left out: 'Sales'"),
    "comments": ("# one\n# two, three\n" + HEADER + ROWS + "# end\n", "Comments in lines 1 to 2"),
    "percent": ("% one\n" + HEADER + ROWS, "Comment in line 1"),
    "a comment below": (HEADER + ROWS + "#the end\n", "Left out: 1 comment."),
    "commented rows": ("#\u00a0data\n" + HEADER + ROWS + "#9,9,z\n", "Left out: 1 comment."),
    "validator": ("|1x3 Cross validator\n" + HEADER + ROWS, "left out: '|1x3 Cross validator'"),
    "names in a comment": ("# a,b,kind\n" + ROWS, "comment in line 1 contains the column names"),
    "trailing delimiter": ((HEADER + ROWS).replace("\n", ",\n"), "Ignored: 1 cell"),
    "trailing delimiters": ((HEADER + ROWS).replace("\n", ",,\n"), "Ignored: 2 cells"),
    "of data only": (HEADER + ROWS.replace("\n", ",\n"), "Ignored: 1 cell"),
    "of the header only": (HEADER.replace("\n", ",\n") + ROWS, "column names"),
    "of one row": (HEADER + ROWS.replace("1,2,x", "1,2,x,,"), "at the end of 1 row"),
    "empty rows": (HEADER + ROWS + ",,\n,,\n", "Left out: 2 rows with empty cells only"),
    "longer empty rows": (HEADER + ROWS + ",,,,\n, ,\n", "Left out: 2 rows with empty"),
    "blank lines": ("\n\n" + HEADER + ROWS.replace("\n", "\n\n") + "\n \n", "column names"),
    "footer": (HEADER + ROWS + "Total,21\n", "line 8 after the table ('Total,21')"),
    "total": (HEADER + ROWS + "Total,27,\n", "line 8 after the table ('Total,27,')"),
    "joined files": (
        HEADER + ROWS[:12] + HEADER + ROWS[12:] + HEADER,
        "2 rows with the header again",
    ),
    "units without brackets": (HEADER + "m,s,-\n" + ROWS, "Units in line 2, left out: 'm,s,-'"),
    "units": ("a,b,kind\n[m],(s),\n" + ROWS, "Units in line 2, left out: '[m],(s)'"),
    "blanks and a late quote": (HEADER + ROWS.replace(",", ", ")[:-2] + '"y"\n', "column names"),
    "number of rows": (HEADER + ROWS + "\n(6 rows)\n", "line 9 after the table ('(6 rows)')"),
    "two footers": (HEADER + ROWS + "Sum,21\nSource: us\n", "the 2 lines from 8"),
    "dashes": (
        " a | b | kind\n---+---+------\n" + ROWS.replace(",", " | ") + "(6 rows)\n",
        "separated by '|'",
    ),
    "quoted names": ('"a", "b", "kind"\n' + ROWS.replace(",", ", "), "column names"),
    "quoted words": (HEADER + ROWS.replace("x", '"x"').replace(",", ", "), "column names"),
    "single quotes": (
        "\n".join(
            ",".join(f"'{cell}'" for cell in line.split(",")) for line in (HEADER + ROWS).split()
        ),
        "Cells are enclosed in single quotes",
    ),
    "no line end": ((HEADER + ROWS).rstrip(), "column names"),
    "blanks": (" " + (HEADER + ROWS).replace(",", "   ").replace("\n", " \n"), "by blanks"),
    "blanks and tabs": ((HEADER + ROWS).replace(",2,", "  2\t").replace(",", "\t "), "by blanks"),
    "comments and blanks": ("# a b  kind\n" + ROWS.replace(",", "  "), "contains the column names"),
    "short title and blanks": (
        "Sales 2023\n\n" + (HEADER + ROWS).replace(",", " "),
        "left out: 'Sales 2023'",
    ),
    "title and blanks": ("Sales of the year 2023\n" + (HEADER + ROWS).replace(",", " "), "Title"),
}


@pytest.mark.parametrize("block", [7, BLOCK])
@pytest.mark.parametrize("case", READ)
def test_lines_that_are_not_rows_are_left_out_and_noted(
    folder: Folder, case: str, block: int
) -> None:
    content, note = READ[case]
    with parsing(fast=True, block=block):
        data = folder.read(content, name="f.txt")
    assert is_plain(data), data
    assert note in notes_of(data)


def test_titles_may_contain_numbers_above_a_header(folder: Folder) -> None:
    titles = "Source,Indicators of 2023\n\nUpdated,2024-01-01\n"
    rows = "".join(f"{at % 3},{at % 4},{at % 5},{at % 7},{'xy'[at % 2]}\n" for at in range(12))
    data = folder.read(titles + "a,b,c,d,kind\n" + rows)
    assert data.feature_names == ("a", "b", "c", "d")
    assert "Titles in lines 1 to 3, left out, from 'Source,Indicators of 2023'." in data.notes
    # without a header below it, the line may be a row that was cut short
    assert "line 1 has 2 fields" in folder.refused("1,2024\n" + rows)
    assert "line 1 has 2 fields" in folder.refused("x,2024\n" + rows)


def test_a_first_row_of_missing_values_is_no_row_of_units(folder: Folder) -> None:
    data = folder.read(HEADER + "NA,?,x\n" + ROWS)
    assert len(data.x) == 7


def test_columns_with_the_same_name_are_told_apart(folder: Folder) -> None:
    data = folder.read(HEADER.replace("b", "a") + ROWS)
    assert data.feature_names == ("a", "a (2)")
    assert "Columns with the name of another one were renamed: 'a (2)'." in data.notes
    asked = folder.read(HEADER.replace("b", "a") + ROWS, features=("a (2)",))
    assert asked.x[:, 0].tolist() == data.x[:, 1].tolist()
    rows = "".join(f"{at},{at % 4},{at % 5},{7 - at},{'xy'[at % 2]}\n" for at in range(6))
    twice = folder.read("a,a,a (2),a,kind\n" + rows)
    assert twice.feature_names == ("a", "a (3)", "a (2)", "a (4)")


def test_a_total_below_words_is_left_out_at_the_end_of_the_file(folder: Folder) -> None:
    header = "item,amount,size\n"
    rows = "".join(f"item {at % 5},{at},{at % 7}\n" for at in range(20))
    data = folder.read(header + rows + "Total,190,57\n")
    assert len(data.x) == 20
    assert "line 22 after the table ('Total,190,57')" in notes_of(data)
    # a value that occurs elsewhere, or within the file, is one of a category
    for content in (rows + "Total,1,2\n" + rows, "total,1,2\n" + rows + "Total,1,2\n"):
        data = folder.read(header + content)
        assert len(data.x) == content.count("\n")
        assert "after the table" not in notes_of(data)
        # no block is known to be the whole table
        with parsing(fast=True, block=7):
            assert len(folder.read(header + content).x) == content.count("\n")


@pytest.mark.parametrize("word", [" ", "space", "whitespace"])
def test_any_number_of_blanks_can_be_the_delimiter(folder: Folder, word: str) -> None:
    assert is_plain(folder.read((HEADER + ROWS).replace(",", "  "), delimiter=word))


def test_names_in_quotes_contain_blanks(folder: Folder) -> None:
    rows = [f'{at / 4}   {at}    {at * 7}.   1\t"maker {at % 3} xl"\n' for at in range(9)]
    data = folder.read("".join(rows), name="cars.data")
    assert data.x.shape == (9, 3)
    assert data.class_names == ("maker 0 xl", "maker 1 xl", "maker 2 xl")


def test_decimal_commas_between_blanks_do_not_separate_columns() -> None:
    assert find_delimiter([f"1,{at} 2,5{at} {'ab'[at % 2]}" for at in range(8)]) == BLANKS
    assert find_delimiter([f"1,{at};2,5{at};{'ab'[at % 2]}" for at in range(8)]) == ";"
    assert find_delimiter([f"1 00{at}\t5 678" for at in range(8)]) == "\t"


def test_tabs_and_blanks_between_numbers_are_one_separator(folder: Folder) -> None:
    rows = "".join(f"  {at / 8:.3f}\t {at}.5   {at % 4}\t\t{at % 2}\n" for at in range(20))
    assert folder.read(rows, name="table.dat").x.shape == (20, 3)
    assert folder.read("a  b  c\td\n" + rows, name="table.dat").feature_names == ("a", "b", "c")


def test_blanks_within_the_cells_of_a_column_do_not_hide_the_delimiter(folder: Folder) -> None:
    phones = "".join(f"A{at}\t555 {1000 + at}\t{at % 7}\t{at % 2}\n" for at in range(20))
    assert find_delimiter(["name\tphone\tage\ty", *phones.splitlines()]) == "\t"
    units = [f"{at} cm,{at / 8}kg,{'ab'[at % 2]}" for at in range(20)]
    assert find_delimiter(units) == ","
    assert find_delimiter(["size,mass,kind", *units]) == ","


def test_words_with_blanks_do_not_hide_the_comma(folder: Folder) -> None:
    data = folder.read(
        "".join(f"red apple, {at}, New York\nold pear, 3, Rome\n" for at in range(5))
    )
    assert data.class_names == ("New York", "Rome")


def test_a_repeated_header_among_words_is_left_out(folder: Folder) -> None:
    words = "colour,ok\n" + "red,yes\nblue,no\n" * 30
    for fast in (True, False):
        with parsing(fast=fast, block=BLOCK):
            data = folder.read(words + words)
        assert data.feature_names == ("colour=blue", "colour=red")
        assert "Left out: 1 row with the header again" in notes_of(data)


STRAY = "".join(
    f"{'ham' if at % 2 else 'spam'}\t{text}\n"
    for at, text in enumerate(["hello you", '"see you', "don't go", 'the end"', 'a 5" pipe', "bye"])
)


def test_unbalanced_quotes_are_part_of_texts(folder: Folder) -> None:
    data = folder.read(STRAY, name="SMS", text="2", target=("1",))
    assert data.texts == ("hello you", '"see you', "don't go", 'the end"', 'a 5" pipe', "bye")
    assert "Quotes are part of the texts, since the one in line 2" in notes_of(data)


def test_a_quoted_cell_may_contain_line_ends_and_delimiters(folder: Folder) -> None:
    content = "".join(f'{"ab"[at % 2]}\t"one {at}\ntwo\tthree"\n' for at in range(6))
    data = folder.read("k\tt\n" + content, name="f.txt", text="t", target=("k",))
    assert data.texts[0] == "one 0 two three"


def test_values_after_empty_columns_are_read(folder: Folder) -> None:
    content = "".join(f"{at},{at % 7},\n" for at in range(60))
    data = folder.read(content + "1,2,3.5\n2,2,4.5\n3,2,5\n4,1,7\n")
    assert data.target_names == ("column 3",)
    assert len(data.y) == 4


def test_a_header_without_a_name_for_the_row_names_is_read(folder: Folder) -> None:
    rows = "".join(f'"{at}" {at / 2} {at * at} "{"xy"[at % 2]}"\n' for at in range(1, 8))
    data = folder.read('"a" "b" "kind"\n' + rows, name="f.txt")
    assert data.feature_names[-2:] == ("a", "b")
    assert "The first column has no name in the header" in notes_of(data)


@pytest.mark.parametrize("above", [",X1,X2,Y", "size,size,mass,mass"])
def test_a_row_above_the_column_names_is_left_out(folder: Folder, above: str) -> None:
    rows = "".join(f"{100 + at},{at % 5},{at / 4},{at % 2}\n" for at in range(20))
    data = folder.read(f"{above}\nsample,girth,height,class\n{rows}")
    assert data.feature_names == ("girth", "height")
    assert "Title in line 1, left out: " in notes_of(data)


def test_a_row_of_sizes_is_left_out(folder: Folder) -> None:
    rows = "".join(f"{at}.5,{at / 4},{at % 7},{at},{at % 3}\n" for at in range(12))
    data = folder.read("12,4,setosa,versicolor,virginica\n" + rows)
    assert len(data.y) == 12
    assert "left out: '12,4,setosa,versicolor,virginica'" in notes_of(data)
    short = folder.read("12,4,benign,malignant\n" + rows)
    assert "left out: '12,4,benign,malignant'" in notes_of(short)


def test_hashtags_are_no_comments(folder: Folder) -> None:
    data = folder.read("tag,n\n" + "".join(f"#t{at % 2},{at / 2}\n" for at in range(6)))
    assert data.feature_names == ("tag=#t0", "tag=#t1")


def test_a_column_of_row_numbers_may_be_named_with_a_hash(folder: Folder) -> None:
    data = folder.read("#,b,kind\n" + ROWS)
    assert data.feature_names[-1] == "b"
    assert len(data.y) == 6


REFUSED: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "colon": ((HEADER + ROWS).replace(",", ":"), {}, ("use --delimiter :",)),
    "wrong delimiter": (HEADER + ROWS, {"delimiter": ";"}, ("';'", "use --delimiter comma")),
    "wrong delimiter, blanks": (
        (HEADER + ROWS).replace(",", "  "),
        {"delimiter": ";"},
        ("use --delimiter whitespace",),
    ),
    "one column": ("abc\ndef\nghi\njkl\n", {}, ("at least two columns",)),
    "a row in the middle": (HEADER + "Total\n" + ROWS, {}, ("line 2", "1 field")),
    "a long footer": (HEADER + ROWS * 9 + "note\n" * 11, {}, ("line 56 has 1 field",)),
    "a cut row": (HEADER + ROWS + "7,8\n", {}, ("line 8 has 2 fields",)),
    "two names for three columns": ("a,7\n" + ROWS, {}, ("line 1 has 2 fields",)),
    "no name for a column": ("a,b\n1,2,3,4\n2,3,4,5\n3,4,5,6\n", {}, ("line 1 has 2 fields",)),
    "an open quote": (HEADER + ROWS + '7,"8,x\n', {}, ("line 8", "never closed")),
    "json": ('[{"a": 1}]', {}, ("unknown format",)),
    "a pointer": ("version https://git-lfs.github.com/spec/v1\noid", {}, ("git lfs pull",)),
    "XML": ("<?xml version='1.0'?>\n<a/>\n", {}, ("XML",)),
    "a web page": ("<!DOCTYPE html>\n<html>\n", {}, ("web page",)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_error_names_the_line_and_an_option(folder: Folder, case: str) -> None:
    content, asked, parts = REFUSED[case]
    said = folder.refused(content, **asked)
    for part in parts:
        assert part in said, said


@pytest.mark.parametrize(
    "case", [each for each in REFUSED if "--delimiter" in REFUSED[each][2][-1]]
)
def test_the_recommended_delimiter_reads_the_file(folder: Folder, case: str) -> None:
    content, asked, _ = REFUSED[case]
    word = folder.refused(content, **asked).partition("--delimiter ")[2]
    assert is_plain(folder.read(content, delimiter={"comma": ","}.get(word, word)))


@pytest.mark.parametrize("line", ["-" * 900_000 + "x", " " * 900_000 + "'", '"" ' * 300_000 + '"'])
def test_a_long_line_is_examined_once(folder: Folder, line: str) -> None:
    for content in (HEADER + line, line + "\n" + HEADER + ROWS, "a b\n1 2\n" + line):
        folder.try_reading(Source(folder.write(content)))


CELLS = st.text("ab '\"#;,|\t\n5-", max_size=5).map(str.strip)


def cells_of(path: str, delimiter: str) -> list[list[str]]:
    """Return all cells of a text file with a header."""
    source = Source(path, delimiter=delimiter, header=True)
    with Path(path).open("rb") as file:

        def lines() -> Lines:
            return Lines(PlainStream(file, Path(path).stat().st_size), "f", None, no_word)

        layout = find_layout(lines(), source, ".csv", "f")
        rest = lines()
        found = [list(layout.names)]
        while block := rest.block():
            skip = max(0, layout.skip + 1 - rest.first)
            rows = Rows(block[skip:], rest.first + skip, rest, layout.dialect, "f")
            found += [row for _, row in fitted(rows, layout, Skipped("f"))]
    return found


@fuzzed
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=60),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_csv_writer_writes_is_read_exactly(
    folder: Folder, rows: list[list[str]], delimiter: str, quoting: Any, end: str
) -> None:
    table = [["n", "first", "second", "third"], *([f"r{at}", *row] for at, row in enumerate(rows))]
    table = [[*row, "end"] for row in table]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(table)
    path = folder.write(file.getvalue())
    assert cells_of(path, delimiter) == table
