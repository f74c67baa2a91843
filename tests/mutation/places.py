"""The places of a file that cosmic-ray can change, and the mutants that it makes of them."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.plugins import get_operator, operator_names
from parso.utils import split_lines

from .mutant import Mutant

# Of the replacements of an operator, the opposite one and the one that moves a boundary: if a test
# fails for these, it fails for the others as well. The operators that are not listed are all used.
_COMPARISONS = (
    "Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt"
)
_BINARY = (
    "Add_Sub Sub_Add Mul_FloorDiv Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul "
    "LShift_RShift RShift_LShift BitOr_BitAnd BitAnd_BitOr BitXor_BitAnd"
)
_UNARY = "USub_UAdd UAdd_USub Delete_Not Delete_Invert"
_USED = re.compile(
    r"core/(?:"
    rf"ReplaceComparisonOperator_(?:{_COMPARISONS.replace(' ', '|')})|"
    rf"ReplaceBinaryOperator_(?:{_BINARY.replace(' ', '|')})|"
    rf"ReplaceUnaryOperator_(?:{_UNARY.replace(' ', '|')})|"
    r"(?!Replace\w+Operator_|NoOp)\w+)"
)


class Place(NamedTuple):
    """Where an operator of cosmic-ray can change a file."""

    path: Path
    position: tuple[int, int]
    operator: str
    occurrence: int  # in the file
    node: int  # its number in the file
    change: int  # among the changes that the operator can make to the node
    function: str
    among_equal: int  # the number of such places of equal lines of the function before this one


def places(files: list[Path]) -> list[Place]:
    """All places of these files, in order. Not all of them are mutants: see `mutant`."""
    operators = {name: get_operator(name) for name in operator_names() if _USED.fullmatch(name)}
    found: list[Place] = []
    for path in files:
        nodes = _nodes(path)
        lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
        equal: Counter[tuple[str, str, str]] = Counter()
        for name, operator in operators.items():
            if operator.arguments():  # such as names to put in place of others
                continue
            made = operator()
            at = (
                (number, index, start)
                for number, node in enumerate(nodes)
                for index, (start, _) in enumerate(made.mutation_positions(node))
            )
            for occurrence, (number, index, start) in enumerate(at):
                function = ASTQuery(nodes[number]).get_definition_name() or ""
                same = (name, function, lines[start[0] - 1])
                found.append(
                    Place(path, start, name, occurrence, number, index, function, equal[same])
                )
                equal[same] += 1
    return sorted(found)


@cache
def _nodes(path: Path) -> list[Any]:
    return list(ast_nodes(get_ast_from_path(path)))


def mutant(sources: Path, place: Place) -> Mutant | None:
    """The mutant of a place; None if it is not Python, or evidently the same program."""
    code = place.path.read_text("utf-8")
    try:
        changed = _changed(code, place)
    except AttributeError:  # cosmic-ray cannot replace a dotted name in a tuple of exceptions
        return None
    if _same_program(code, changed):
        return None
    if "not not " in changed and "not not " not in code:  # another operator removes the first one
        return None
    before, after = ([line.strip() for line in text.splitlines()] for text in (code, changed))
    line = next(at for at, pair in enumerate(zip(before, after)) if pair[0] != pair[1])  # noqa: B905
    while not before[line]:  # a decorator is removed with the empty line before it
        line += 1
    return Mutant(
        place.path.relative_to(sources).as_posix(),
        place.function,
        line + 1,
        before[line],
        # A decorator that is removed leaves a line less.
        after[line] if len(before) == len(after) else "",
        place.operator.removeprefix("core/"),
        place.among_equal,
        _statement(_parsed(code), line + 1),
        changed,
    )


def _changed(code: str, place: Place) -> str:
    """The code of a file with the change of a place; the rest of it is not parsed again."""
    node = _nodes(place.path)[place.node]
    lines = split_lines(code, keepends=True)
    ends = (node.get_start_pos_of_prefix(), node.end_pos)
    before, after = (sum(map(len, lines[: line - 1])) + column for line, column in ends)
    parent, node.parent = node.parent, None  # is not copied with it
    copied = copy.deepcopy(node)
    node.parent = copied.parent = parent
    new = get_operator(place.operator)().mutate(copied, place.change)
    changed = "" if new is None else new.get_code()
    prefix = node.get_first_leaf().prefix
    if changed and "\n" in prefix and "\n" not in changed:  # a new number has no prefix
        changed = prefix + changed.lstrip()
    return code[:before] + changed + code[after:]


@cache
def _parsed(code: str) -> ast.Module:
    return ast.parse(code)


def _statement(tree: ast.AST, line: int, in_function: bool = False) -> list[int]:
    """The lines of the innermost statement of a function at a line, without those within it."""
    for node in ast.iter_child_nodes(tree):
        body = getattr(node, "body", None)
        first, last = getattr(node, "lineno", line), getattr(node, "end_lineno", line)
        if isinstance(node, ast.expr) or not first <= line <= last:
            continue
        if isinstance(body, list) and line < (start := body[0].lineno):
            return list(range(first, start)) if in_function else []
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(node, ast.match_case) and (found := _statement(node, line, in_function)):
            return found
        if isinstance(node, (ast.stmt, ast.excepthandler)):
            within = _statement(node, line, in_function or is_function)
            return within or (list(range(first, last + 1)) if in_function else [])
    return []


class _Annotations(ast.NodeTransformer):
    """Removes what does not run: annotations, and what only type checkers see."""

    def visit(self, node: ast.AST) -> Any:
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, ast.Constant(None))
        return super().visit(node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        return None if ast.unparse(node.targets[0]) == "TYPE_CHECKING" else node

    def visit_If(self, node: ast.If) -> Any:
        if "TYPE_CHECKING" in ast.dump(node.test):
            return node.orelse or None
        return self.generic_visit(node)


def _same_program(code: str, changed: str) -> bool:
    try:
        after = ast.parse(changed).body
    except (SyntaxError, ValueError):
        return True
    before = _parsed(code).body
    lines = zip(code.splitlines(), changed.splitlines())  # noqa: B905
    line = next((at for at, pair in enumerate(lines, 1) if pair[0] != pair[1]), 0)
    return len(before) == len(after) and all(
        _original(code, at) == _dump(after[at])
        for at, one in enumerate(before)
        if (one.end_lineno or line) >= line and _first(one) <= line  # the others are the same
    )


def program(code: str) -> str:
    """What a mutant does: the same for `not a == b` and `a != b`, which are made of `a == b`."""
    return ast.dump(_Opposites().visit(ast.parse(code)))


class _Opposites(ast.NodeTransformer):
    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        self.generic_visit(node)
        within = node.operand
        if isinstance(node.op, ast.Not) and isinstance(within, ast.Compare):
            opposite = _OPPOSITES.get(type(within.ops[0])) if len(within.ops) == 1 else None
            if opposite is not None:
                return ast.Compare(within.left, [opposite()], within.comparators)
        return node


_PAIRS = ((ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn))
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    one: other for pair in _PAIRS for one, other in (pair, pair[::-1])
}


def _first(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return decorators[0].lineno if decorators else statement.lineno


@cache
def _original(code: str, at: int) -> str:
    return _dump(copy.deepcopy(_parsed(code).body[at]))


def _dump(statement: ast.stmt) -> str:
    return ast.dump(_Annotations().visit(ast.Module([statement], [])))
