"""Routes compiled once: they are the same in every app, and take most of the time of making one."""

from collections.abc import Callable

from werkzeug.routing import Rule

_compile = Rule._compile_builder
_compiled: dict[tuple[object, ...], Callable] = {}


def compile_once(rule: Rule, append_unknown: bool = True) -> Callable:
    """What Werkzeug makes of a rule; it is bound to the rule only afterwards."""
    key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


def install() -> None:
    Rule._compile_builder = compile_once
