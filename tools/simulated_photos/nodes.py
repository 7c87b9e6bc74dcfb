"""A short hand for Blender's shader nodes: inputs by name, numbers and colours set, sockets linked."""

from __future__ import annotations

from typing import Any

import bpy

Socket = Any
Color = tuple[float, float, float]


class NodeTree:
    """Builds the shader of one material (or of the world)."""

    def __init__(self, owner: Any) -> None:
        self.tree = owner.node_tree
        self.tree.nodes.clear()

    def add(self, kind: str, output: str | int = 0, properties: dict[str, Any] | None = None, **inputs: Any) -> Socket:
        """Adds a `ShaderNode<kind>` and returns one of its outputs.

        `inputs` are the node's inputs in snake case; values are sockets (linked), numbers, vectors or colours.
        """
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in (properties or {}).items():
            setattr(node, name, value)
        sockets: dict[str, Any] = {}
        for socket in node.inputs:
            if socket.enabled:
                sockets.setdefault(socket.name.lower().replace(" ", "_"), socket)
        for name, value in inputs.items():
            self._set(sockets[name], value)
        return node.outputs[output] if len(node.outputs) else node

    def _set(self, socket: Any, value: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        elif isinstance(value, tuple) and socket.type == "RGBA":
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Socket:
        """Colour `a` to `b` by `factor` (0 to 1)."""
        node = self.tree.nodes.new("ShaderNodeMix")
        node.data_type, node.blend_type = "RGBA", blend
        sockets = {socket.name: socket for socket in node.inputs if socket.enabled}
        for name, value in {"Factor": factor, "A": a, "B": b}.items():
            self._set(sockets[name], value)
        return next(socket for socket in node.outputs if socket.enabled)

    def ramp(self, value: Socket, low: float, high: float, to_low: float = 0.0, to_high: float = 1.0) -> Socket:
        """`value` from low..high to to_low..to_high, clamped."""
        return self.add("MapRange", value=value, from_min=low, from_max=high, to_min=to_low, to_max=to_high)

    def calculate(self, operation: str, a: Any, b: Any = 0.0) -> Socket:
        node = self.tree.nodes.new("ShaderNodeMath")
        node.operation = operation
        self._set(node.inputs[0], a)
        self._set(node.inputs[1], b)
        return node.outputs[0]

    def position(self, scale: tuple[float, float, float] = (1, 1, 1), turn: float = 0.0, shift: float = 0.0) -> Socket:
        """Object coordinates in cm, scaled, turned about z (radians) and shifted (a seed's worth of another place)."""
        place = self.add("TexCoord", "Object")
        return self.add("Mapping", vector=place, scale=scale, rotation=(0, 0, turn), location=(shift, shift * 0.7, 0))

    def surface(self, **inputs: Any) -> None:
        """A Principled surface as the material's result."""
        self._output(self.add("BsdfPrincipled", **inputs), "Surface")

    def _output(self, shader: Socket, name: str) -> None:
        node = self.tree.nodes.new("ShaderNodeOutputMaterial")
        self.tree.links.new(shader, node.inputs[name])


def new_material(name: str) -> tuple[Any, NodeTree]:
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    return material, NodeTree(material)


def plain_material(name: str, color: Color, roughness: float, metallic: float = 0.0) -> Any:
    """A surface of one colour, for clutter."""
    material, nodes = new_material(name)
    nodes.surface(base_color=color, roughness=roughness, metallic=metallic)
    return material
