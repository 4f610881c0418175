"""What every format says of a text that is none of its addresses."""


class Bad(Exception):
    """Not an address of the format; the text is the sentence for the person."""
