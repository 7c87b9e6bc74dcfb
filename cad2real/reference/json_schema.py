"""params.yaml as JSON Schema: for editors, and what all else that describes parameters is made of."""

from __future__ import annotations

from typing import Any

from cad2real.schema import UNIT, VALUES

Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"  # what the YAML extensions of editors know best


def params_schema() -> Schema:
    """The schema of all of params.yaml as pydantic gives it, without references: each block stands where it is used."""
    from pydantic.json_schema import GenerateJsonSchema

    from cad2real.params import Params

    class _InOrder(GenerateJsonSchema):
        """Keys stay in the order in which they are written, not that of the alphabet."""

        def sort(self, value: Any, parent_key: str | None = None) -> Any:
            return value

    root = Params.model_json_schema(schema_generator=_InOrder)
    blocks = root.pop("$defs")

    def inline(node: Any) -> Any:
        if isinstance(node, list):
            return [inline(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:  # a block; what stands beside the reference is its default
            return inline(blocks[node["$ref"].rpartition("/")[2]])
        return {key: inline(value) for key, value in node.items()}

    inlined: Schema = inline(root)
    return inlined


def editor_schema() -> Schema:
    """The same for editors: as the draft they know, with units and the meaning of words in the descriptions.

    It refuses unknown keys, wrong types, words and ranges. Two rules are left to `load_params`: that the first number
    of a scale is not above the second, and that some share of a background is above 0.
    """
    return {"$schema": DRAFT, **_for_editors(params_schema()), "title": "params.yaml of cad2real"}


def _for_editors(node: Schema) -> Schema:
    meanings: dict[str, str] = node.get(VALUES, {})
    result = {key: value for key, value in node.items() if key not in {"title", UNIT, VALUES}}
    if "properties" in node:
        result["properties"] = {name: _for_editors(child) for name, child in node["properties"].items()}
    if "propertyNames" in node:  # a mapping of given names: as properties, so that they are completed
        names = result.pop("propertyNames")["enum"]
        number = result["additionalProperties"]
        result["properties"] = {name: {**number, "description": meanings.get(name, "")} for name in names}
        result["additionalProperties"] = False
    if "prefixItems" in node:
        result["items"] = result.pop("prefixItems")
        result["additionalItems"] = False
    if "anyOf" in node:
        result["anyOf"] = [_for_editors({**child, VALUES: meanings}) for child in node["anyOf"]]
    if "description" in node:
        result["description"] = _described(node, meanings)
    return result


def _described(node: Schema, meanings: dict[str, str]) -> str:
    paragraphs = [" ".join(paragraph.split()) for paragraph in node["description"].split("\n\n")]
    if UNIT in node:
        paragraphs.append(f"Unit: {node[UNIT]}.")
    words = [f"{word}: {meaning}" for word, meaning in meanings.items() if meaning]
    return "\n\n".join(paragraphs + ["\n".join(words)] * bool(words))
