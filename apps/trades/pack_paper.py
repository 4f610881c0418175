"""A4 paper for records: fonts that print names of many scripts, headings, tables, page numbers.

Letters that need joining or reordering (Arabic, Devanagari …) are printed in Latin ones: a wrong
shape would be a wrong name. `was_respelled` says that it happened.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from anyascii import anyascii
from django.conf import settings
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace
from qrcode.constants import ERROR_CORRECT_M  # type: ignore[import-untyped]
from qrcode.main import QRCode  # type: ignore[import-untyped]

LATIN: Path = settings.BASE_DIR / "static" / "vendor" / "noto-sans"
HAN = files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf"
#: Scripts between these are not printed as they are.
SHAPED = range(0x0590, 0x1E00)
FIRST_HAN = 0x2E80
BREAK, LONGEST_NAME = "\u200b", 40
INK, SOFT, LINE = (28, 32, 38), (98, 106, 117), (205, 211, 218)
MARGIN = 18.0


class Paper(FPDF):
    """One record: `mark` stands at the foot of each page, beside its number."""

    def __init__(self, *, title: str, mark: str, language: str, page_of: str) -> None:
        super().__init__(format="A4")
        self.mark, self.page_of, self.was_respelled = mark, page_of, False
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=20)
        self.set_title(title)
        self.set_lang(language)
        self.add_font("latin", "", LATIN / "NotoSans-Regular.ttf")
        self.add_font("latin", "B", LATIN / "NotoSans-Bold.ttf")
        self.add_font("han", "", str(HAN))
        self.set_fallback_fonts(["han"], exact_match=False)
        self._known = {
            code
            for name in ("latin", "han")
            for code in self.fonts[name].cmap  # type: ignore[union-attr]
        }
        self.set_draw_color(*LINE)
        self.add_page()

    def footer(self) -> None:
        """The mark and the number of the page."""
        self._ink(7.5, SOFT)
        number = self.page_of.format(page=self.page_no(), pages="{nb}")
        for words, side in ((self.mark, "L"), (number, "R")):
            self.set_xy(MARGIN, -14)
            self.cell(self.w - 2 * MARGIN, 5, words, align=side)

    def title_line(self, words: str, under: str) -> None:
        """The heading of the record, and a line under it."""
        self._ink(19, INK, "B")
        self._block(words, 9)
        self._ink(10, SOFT)
        self._block(under, 5.5)
        self.ln(3)

    def heading(self, words: str, *, room: float = 28) -> None:
        """The heading of a section, kept together with so many millimetres of what follows."""
        if self.will_page_break(room):
            self.add_page()
        self.ln(4)
        self._ink(12, INK, "B")
        self._block(words, 7)
        self.ln(0.5)

    def text_block(self, words: str, *, soft: bool = False) -> None:
        """A paragraph."""
        self._ink(8.5 if soft else 9.5, SOFT if soft else INK)
        self._block(words, 4.6 if soft else 5.2)
        self.ln(1)

    def pairs(self, rows: Iterable[tuple[str, str | None]]) -> None:
        """A list of what and how; rows without anything are left out."""
        self._ink(9.5, INK)
        soft = FontFace(color=SOFT)
        with self.table(
            col_widths=(50, 124), borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            first_row_as_headings=False, line_height=5.2, padding=(1, 1.5), text_align="LEFT",
            align="LEFT",
        ) as table:  # fmt: skip
            for what, how in rows:
                if how:
                    row = table.row()
                    row.cell(self.printable(what), style=soft)
                    row.cell(self.printable(how))

    def grid(
        self, heads: Sequence[str], rows: Iterable[Sequence[str]], *, widths: Sequence[float]
    ) -> None:
        """A table whose head is repeated on every page."""
        self._ink(8, INK)
        with self.table(
            col_widths=tuple(widths), borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD", color=SOFT), line_height=4.4,
            padding=(0.8, 1.2), text_align="LEFT", align="LEFT",
        ) as table:  # fmt: skip
            table.row([self.printable(head) for head in heads])
            for row in rows:
                table.row([self.printable(cell) for cell in row])

    def code(self, content: str, *, size: float = 34) -> float:
        """A QR code at the right margin, beside what is written next; where it ends."""
        qr = QRCode(error_correction=ERROR_CORRECT_M, border=0)
        qr.add_data(content)
        matrix = qr.get_matrix()
        step, left, top = size / len(matrix), self.w - MARGIN - size, self.get_y() + 1
        self.set_fill_color(0, 0, 0)
        for y, line in enumerate(matrix):
            for x, dark in enumerate(line):
                if dark:
                    self.rect(left + x * step, top + y * step, step, step, style="F")
        return top + size

    def printable(self, text: str) -> str:
        """The text in letters that these fonts print rightly."""
        text = "".join(self._letter(one) for one in unicodedata.normalize("NFC", text))
        if len(text) > LONGEST_NAME:
            # Chinese breaks after any character; a name is left as it is, to be searched for.
            text = "".join(one + BREAK if ord(one) >= FIRST_HAN else one for one in text)
        return text

    def _letter(self, one: str) -> str:
        if one == "\n" or (ord(one) in self._known and ord(one) not in SHAPED):
            return "" if unicodedata.category(one) == "Cf" else one
        if unicodedata.category(one) in ("Cc", "Cf"):
            return ""
        self.was_respelled = True
        return anyascii(one) or "?"

    def _ink(self, size: float, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font("latin", style, size)
        self.set_text_color(*colour)

    def _block(self, words: str, height: float) -> None:
        self.multi_cell(
            0, height, self.printable(words), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
