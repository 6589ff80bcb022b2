"""The OpenAPI description, arranged for reading: groups of calls with their parameters and fields."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Value:
    """A parameter or field: its name, type, whether it must be given, what it means."""

    name: str
    type: str
    required: bool
    text: str


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    text: str
    parameters: tuple[Value, ...]
    sends: tuple[Value, ...]
    answers: tuple[Value, ...]


@cache
def groups() -> dict[str, list[Call]]:
    """Every call of the API by its first path segment, in the order of the URL map. The code does not change while it runs."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found: dict[str, list[Call]] = {}
    for path, operations in schema["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        group = path.removeprefix("/api/v1/").split("/")[0]
        for method in METHODS:
            if method in operations:
                found.setdefault(group, []).append(_call(schema, path, method, operations[method]))
    return found


def _call(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Call:
    parameters = tuple(
        Value(
            parameter["name"],
            _type(schema, parameter.get("schema", {})),
            parameter.get("required", False),
            _plain(parameter),
        )
        for parameter in operation.get("parameters", ())
    )
    answer: dict[str, Any] = next((response for code, response in operation["responses"].items() if code.startswith("2")), {})
    return Call(
        method.upper(),
        path,
        operation.get("description", ""),
        parameters,
        _fields(schema, operation.get("requestBody", {})),
        _fields(schema, answer),
    )


def _fields(schema: dict[str, Any], body: dict[str, Any]) -> tuple[Value, ...]:
    """The fields of a JSON body; of a page of a list, those of its rows."""
    shape = _resolved(schema, body.get("content", {}).get("application/json", {}).get("schema", {}))
    rows = shape.get("properties", {}).get("results") or (shape if shape.get("type") == "array" else None)
    if rows:
        shape = _resolved(schema, rows.get("items", {}))
    required = set(shape.get("required", ()))
    return tuple(Value(name, _type(schema, field), name in required, _plain(field)) for name, field in shape.get("properties", {}).items())


def _plain(described: dict[str, Any]) -> str:
    """The description without the list of choices that follows it: the type names them."""
    text: str = described.get("description", "")
    return text.partition("* `")[0].strip()


def _resolved(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in shape:
        return schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[-1]]
    if len(shape.get("allOf", ())) == 1:
        return _resolved(schema, shape["allOf"][0])
    return shape


def _type(schema: dict[str, Any], shape: dict[str, Any]) -> str:
    """A type in words: "date", "list of integer", "one of a, b"."""
    if "oneOf" in shape:
        return _type(schema, shape["oneOf"][0])
    known = _resolved(schema, shape)
    if "enum" in known:
        return "one of " + ", ".join(str(choice) for choice in known["enum"] if choice not in ("", None))
    if known.get("type") == "array":
        return f"list of {_type(schema, known.get('items', {}))}"
    return known.get("format") or known.get("type", "object")
