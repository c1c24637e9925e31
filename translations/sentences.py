"""What Python code says to people: what it marks, and every whole sentence, which needs no mark.

An f-string is known by its form: `f"{psa} is not answering."` is the message `{psa} is not answering.`.
"""

import ast
import re
from collections.abc import Iterator

Message = str | tuple[str, str]

_SINGLE = {"marked", "gettext"}
_PLURAL = {"marked_plural", "ngettext"}
_OF_A_FIELD = "PydanticCustomError"
_SENTENCE = re.compile(r"(?:[A-Z]|\{\w+\})[^\n]*[.?…][”’)]?(?:\{\w+\})?")
_WORDS = re.compile(r"[a-z]{2,}[ ,;:]+(?:[a-z]|\{)")
_PLACE = re.compile(r"\{\w+\}")


def found_in(source: str) -> list[tuple[int, Message]]:
    """Each message of a module, with its line."""
    tree = ast.parse(source)
    return list(_messages(tree))


def _messages(node: ast.AST) -> Iterator[tuple[int, Message]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Call) and _called(node) in _SINGLE | _PLURAL | {_OF_A_FIELD}:
        texts = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if _called(node) in _PLURAL and len(texts) == 2:
            yield node.lineno, (texts[0], texts[1])
        elif _called(node) in _SINGLE and texts:
            yield node.lineno, texts[0]
        elif _called(node) == _OF_A_FIELD and len(texts) == 2:
            yield node.lineno, f"{texts[1]}."  # as `shared.web.problems` ends it
        rest = [arg for arg in node.args if not isinstance(arg, ast.Constant)]
        for child in [*rest, *node.keywords]:
            yield from _messages(child)
        return
    text = _form(node)
    if text is not None:
        text = text.strip()  # what is said after another sentence
        if _SENTENCE.fullmatch(text) and _WORDS.search(_PLACE.sub("{", text)):
            yield node.lineno, text  # type: ignore[attr-defined]
        return
    for child in ast.iter_child_nodes(node):
        yield from _messages(child)


def _form(node: ast.AST) -> str | None:
    """The text of a string; of an f-string with a name in braces for each value."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(value) for value in node.values)
    return None


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.FormattedValue):
        return f"{{{_named(node.value)}}}"
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _named(node: ast.expr) -> str:
    """What the value of an f-string is called: `run.state.value` is `state`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return _named(node.value) if node.attr == "value" else node.attr
    return "value"


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
