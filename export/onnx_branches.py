"""A graph of several outputs that computes only those that are asked for.

ONNX Runtime computes all of a graph, whichever outputs are fetched. So what only some outputs need
is put into branches here: an `If` computes it where one of them is asked for. Which are asked for
says an input `asked` bool [outputs], in their order. It has a value, all of them, so nobody has to
feed it. An output that is not asked for comes out empty.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from onnx import (
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    TypeProto,
    helper,
    numpy_helper,
    shape_inference,
)

from schmubert.engine.networks.onnx_denoiser import ASKED

LEAST_IR_VERSION = 4
"""From here on the value of an input is a default; before, a runtime takes it for a constant."""
WORK = frozenset(
    {"Conv", "GatherElements", "Gemm", "MatMul", "MatMulInteger", "ScatterElements", "Softmax"}
)
"""A branch without any of these takes longer to enter than to compute."""

Outputs = frozenset[str]
"""Some outputs of a graph, by name."""


def branched(model: ModelProto, family: Collection[Outputs]) -> ModelProto:
    """`model` with a branch for each set of outputs in `family` that has work of its own.

    A node goes into the branch of the smallest set that has all outputs which need it, and stays
    outside where none has. So whatever a branch needs is outside, or in branches that are computed
    when it is. Outputs in no set of `family` are always computed, and not asked for. ValueError
    where two sets share outputs that are no set of `family`, so that none
    is the smallest, or where the graph has a name that begins with `asked`.
    """
    graph = model.graph
    every = frozenset(output.name for output in graph.output)
    groups = _groups(graph, _checked(family) | {every})
    branches = sorted({*groups} - {every, frozenset()}, key=lambda one: (-len(one), sorted(one)))
    made = ModelProto()
    made.CopyFrom(model)
    if not branches:
        return made
    readers = _readers(graph, groups, every)
    if any(name.startswith(ASKED) for name in readers):
        raise ValueError(f"a name in the graph begins with {ASKED}")
    types = _types(model)
    made.ir_version = max(model.ir_version, LEAST_IR_VERSION)
    for field in ("node", "initializer", "value_info"):
        made.graph.ClearField(field)
    named = frozenset[str]().union(*family)
    asked = [output.name for output in graph.output if output.name in named]
    _add_question(made.graph, asked, branches)
    for group in (every, *branches):
        nodes = [node for node, its in zip(graph.node, groups, strict=True) if its == group]
        values = [one for one in graph.initializer if _owner(readers[one.name], every) == group]
        if group == every:
            made.graph.node.extend(nodes)
            made.graph.initializer.extend(values)
            continue
        names = [name for node in nodes for name in node.output if readers[name] - {group}]
        leaving = {name: types[name] for name in names}
        made.graph.node.append(_branch(group, nodes, values, leaving))
    return made


def _checked(family: Iterable[Outputs]) -> set[Outputs]:
    """`family`, if it has what any two of its sets share."""
    sets = {*family}
    for one, other in combinations(sets, 2):
        if one & other and one & other not in sets:
            raise ValueError(f"{sorted(one & other)} is no set, as what {one} and {other} share")
    return sets


def _groups(graph: GraphProto, sets: set[Outputs]) -> list[Outputs]:
    """The smallest of `sets` [nodes] that has all outputs which need each node of `graph`.

    Nodes that none needs have an empty one.
    """
    needed: dict[str, Outputs] = defaultdict(frozenset)
    needed |= {output.name: frozenset({output.name}) for output in graph.output}
    groups: list[Outputs] = []
    for node in reversed(graph.node):
        wanted = frozenset().union(*(needed[name] for name in node.output))
        for name in _reads(node):
            needed[name] |= wanted
        fitting = (one for one in sets if wanted <= one)
        groups.append(min(fitting, key=len) if wanted else frozenset())
    return _without_idle(graph, groups[::-1], max(sets, key=len))


def _without_idle(graph: GraphProto, groups: Sequence[Outputs], every: Outputs) -> list[Outputs]:
    """`groups` [nodes], of which those without work are outside if all that they need is."""
    found, maker = [*groups], {name: k for k, node in enumerate(graph.node) for name in node.output}
    for group in sorted({*groups} - {every, frozenset()}, key=len, reverse=True):
        members = [k for k, its in enumerate(found) if its == group]
        read = {name for k in members for name in _reads(graph.node[k])}
        before = {found[maker[name]] for name in read if name in maker} - {group}
        if before <= {every} and not any(graph.node[k].op_type in WORK for k in members):
            for k in members:
                found[k] = every
    return found


def _readers(
    graph: GraphProto, groups: Sequence[Outputs], every: Outputs
) -> dict[str, set[Outputs]]:
    """Which groups read each value of `graph`, by its name; `every` reads outputs."""
    readers: dict[str, set[Outputs]] = defaultdict(set)
    for node, group in zip(graph.node, groups, strict=True):
        for name in _reads(node):
            readers[name].add(group)
    for output in graph.output:
        readers[output.name].add(every)
    return readers


def _owner(readers: set[Outputs], every: Outputs) -> Outputs:
    """The group in which an initializer lies: with its one reader, so that it is fused with it."""
    return next(iter(readers)) if len(readers) == 1 else every


def _types(model: ModelProto) -> dict[str, TypeProto]:
    """The types of all values of `model`, with as much of their shapes as can be told."""
    graph = shape_inference.infer_shapes(model, data_prop=True).graph
    return {one.name: one.type for one in (*graph.value_info, *graph.output)}


def _add_question(graph: GraphProto, outputs: Sequence[str], branches: Sequence[Outputs]) -> None:
    """Add to `graph` the input `asked` and what asks it whether to compute each of `branches`."""
    graph.input.append(helper.make_tensor_value_info(ASKED, TensorProto.BOOL, [len(outputs)]))
    graph.initializer.append(numpy_helper.from_array(np.ones(len(outputs), bool), ASKED))
    for output in sorted(frozenset[str]().union(*branches)):
        one, place = _condition([output]), f"{ASKED}/place/{output}"
        at = numpy_helper.from_array(np.asarray(outputs.index(output)), place)
        graph.initializer.append(at)
        graph.node.append(helper.make_node("Gather", [ASKED, place], [one], one))
    either: dict[str, NodeProto] = {}
    for branch in map(sorted, branches):
        for count in range(1, len(branch)):
            some = _condition(branch[:count]), _condition([branch[count]])
            any_of = _condition(branch[: count + 1])
            either[any_of] = helper.make_node("Or", some, [any_of], any_of)
    graph.node.extend(either.values())


def _condition(outputs: Iterable[str]) -> str:
    """What says whether one of `outputs` is asked for."""
    return f"{ASKED}/any/{'+'.join(sorted(outputs))}"


def _branch(
    group: Outputs,
    nodes: Iterable[NodeProto],
    values: Sequence[TensorProto],
    leaving: Mapping[str, TypeProto],
) -> NodeProto:
    """Compute `nodes`, with `values` of their own, if one of `group` is asked for.

    `leaving` are the names that others read, and their types; they are empty otherwise.
    """
    name = _condition(group)
    inside = {one: f"{ASKED}/then/{one}" for one in leaving}
    computed = helper.make_graph(
        [_renamed(node, inside) for node in nodes],
        f"{name}/then",
        [],
        [helper.make_value_info(inside[one], _rankless(its)) for one, its in leaving.items()],
        values,
    )
    empty = {f"{ASKED}/else/{one}": _empty(its) for one, its in leaving.items()}
    nothing = helper.make_graph(
        [helper.make_node("Constant", [], [one], one, value=its) for one, its in empty.items()],
        f"{name}/else",
        [],
        [helper.make_tensor_value_info(one, its.data_type, its.dims) for one, its in empty.items()],
    )
    return helper.make_node(
        "If", [name], [*leaving], f"{name}/if", then_branch=computed, else_branch=nothing
    )


def _rankless(its: TypeProto) -> TypeProto:
    """The same type, whatever the shape: a runtime finds that itself."""
    return helper.make_tensor_type_proto(its.tensor_type.elem_type, None)


def _empty(its: TypeProto) -> TensorProto:
    """The smallest tensor of a type: of its rank, as far as that is known, and without elements."""
    shape = its.tensor_type.shape.dim if its.tensor_type.HasField("shape") else None
    dims = [0] if shape is None else [one.dim_value for one in shape]
    if dims and all(dims):
        dims[0] = 0
    return helper.make_tensor("", its.tensor_type.elem_type, dims, [] if dims else [0])


def _reads(node: NodeProto) -> Iterator[str]:
    """The names of values that `node` and what lies inside of it read."""
    yield from filter(None, node.input)
    for graph in _inside(node):
        for inner in graph.node:
            yield from _reads(inner)
        yield from (output.name for output in graph.output)


def _inside(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _renamed(node: NodeProto, names: Mapping[str, str]) -> NodeProto:
    """`node` with the values of `names` called as there, inside of it too."""
    made = NodeProto()
    made.CopyFrom(node)
    made.input[:] = [names.get(one, one) for one in node.input]
    made.output[:] = [names.get(one, one) for one in node.output]
    for graph in _inside(made):
        renamed = [_renamed(inner, names) for inner in graph.node]
        graph.ClearField("node")
        graph.node.extend(renamed)
        for output in graph.output:
            output.name = names.get(output.name, output.name)
    return made
