"""cmark, and its memory given back.

The functions of its package that draw a whole text keep the tree and the HTML for good: a hundred
times the text, at each look at it.
"""

import ctypes

from cmarkgfm import _cmark, cmark
from cmarkgfm.cmark import Options

_EXTENSIONS = ("table", "strikethrough")
# A line end stays one, as in the text while it was written: "Subject: …⏎Preview: …" are two lines.
# One tilde is none that strikes through: "10~20, 30~40" are ranges in Korean.
_OPTIONS = Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE

# The package names no function that frees, but the library in it has them.
_library = ctypes.CDLL(_cmark.__file__)
_library.cmark_get_default_mem_allocator.restype = ctypes.c_void_p
_memory = _cmark.ffi.cast("cmark_mem *", _library.cmark_get_default_mem_allocator())
_free_tree = _cmark.ffi.cast(
    "void (*)(cmark_node *)", ctypes.cast(_library.cmark_node_free, ctypes.c_void_p).value
)

cmark.core_extensions_ensure_registered()


def drawn(text: str) -> str:
    """The HTML of a text."""
    parser = cmark.parser_new(_OPTIONS)
    try:
        for name in _EXTENSIONS:
            cmark.parser_attach_syntax_extension(parser, cmark.find_syntax_extension(name))
        cmark.parser_feed(parser, text)
        return _html(cmark.parser_finish(parser), parser)
    finally:
        cmark.parser_free(parser)


def _html(tree: object, parser: object) -> str:
    extensions = cmark.parser_get_syntax_extensions(parser)
    html = _cmark.lib.cmark_render_html(tree, _OPTIONS, extensions)
    try:
        return str(_cmark.ffi.string(html), "utf-8")
    finally:
        _memory.free(html)
        _free_tree(tree)
