"""STEP files made for tests: boxes of plane faces, with units, colours, voids, shells and assemblies as asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Vector = tuple[float, float, float]
Rgb = tuple[float, float, float]

UNITS = {
    "mm": "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))",
    "cm": "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.CENTI.,.METRE.))",
    "m": "(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT($,.METRE.))",
}
FACES = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
"""The corners of a box's faces, from outside against the clock: below, above, front, back, left, right."""


@dataclass
class StepText:
    """A STEP file in the making: statements in order. `unit`: mm, cm, m or in."""

    unit: str = "mm"
    schema: str = "AUTOMOTIVE_DESIGN"
    lines: list[str] = field(default_factory=list)
    context: int = 0
    products: int = 0

    def add(self, statement: str) -> int:
        self.lines.append(statement)
        return len(self.lines)

    def start(self) -> None:
        if self.unit == "in":
            mm = self.add(UNITS["mm"])
            measure = self.add(f"LENGTH_MEASURE_WITH_UNIT(LENGTH_MEASURE(25.4),#{mm})")
            size = self.add("DIMENSIONAL_EXPONENTS(1.,0.,0.,0.,0.,0.,0.)")
            length = self.add(f"(CONVERSION_BASED_UNIT('INCH',#{measure})LENGTH_UNIT()NAMED_UNIT(#{size}))")
        else:
            length = self.add(UNITS[self.unit])
        angle = self.add("(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))")
        solid = self.add("(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())")
        exact = self.add(f"UNCERTAINTY_MEASURE_WITH_UNIT(LENGTH_MEASURE(1.E-7),#{length},'','')")
        self.context = self.add(
            f"(GEOMETRIC_REPRESENTATION_CONTEXT(3)GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT((#{exact}))"
            f"GLOBAL_UNIT_ASSIGNED_CONTEXT((#{length},#{angle},#{solid}))REPRESENTATION_CONTEXT('',''))"
        )
        application = self.add("APPLICATION_CONTEXT('core data')")
        self.products = self.add(f"PRODUCT_CONTEXT('',#{application},'mechanical')")

    def axes(self, at: Vector) -> int:
        point = self.add(f"CARTESIAN_POINT('',({at[0]:.9E},{at[1]:.9E},{at[2]:.9E}))")
        up, ahead = self.add("DIRECTION('',(0.,0.,1.))"), self.add("DIRECTION('',(1.,0.,0.))")
        return self.add(f"AXIS2_PLACEMENT_3D('',#{point},#{up},#{ahead})")

    def shell(
        self, size: Vector, at: Vector, faces: Sequence[int] = range(6), closed: bool = True
    ) -> tuple[int, list[int]]:
        """A shell of a box's `faces`, and the numbers of these."""
        corners = [tuple(at[axis] + size[axis] * (number >> axis & 1) for axis in range(3)) for number in range(8)]
        points = [self.add(f"CARTESIAN_POINT('',({x:.9E},{y:.9E},{z:.9E}))") for x, y, z in corners]
        vertices = [self.add(f"VERTEX_POINT('',#{point})") for point in points]
        edges: dict[tuple[int, int], int] = {}

        def edge(start: int, end: int) -> int:
            low, high = min(start, end), max(start, end)
            if (low, high) not in edges:
                along = [corners[high][axis] - corners[low][axis] for axis in range(3)]
                length = sum(map(abs, along))
                way = self.add("DIRECTION('',({:.1f},{:.1f},{:.1f}))".format(*(step / length for step in along)))
                line = self.add(f"LINE('',#{points[low]},#{self.add(f"VECTOR('',#{way},1.)")})")
                edges[low, high] = self.add(f"EDGE_CURVE('',#{vertices[low]},#{vertices[high]},#{line},.T.)")
            return self.add(f"ORIENTED_EDGE('',*,*,#{edges[low, high]},{'.T.' if start < end else '.F.'})")

        made = []
        for face in faces:
            ring = FACES[face]
            loop = ",".join(f"#{edge(ring[turn], ring[(turn + 1) % 4])}" for turn in range(4))
            bound = self.add(f"FACE_OUTER_BOUND('',#{self.add(f"EDGE_LOOP('',({loop}))")},.T.)")
            axis, outward = (2, 1, 0)[face // 2], 1 if face in {1, 3, 5} else -1
            normal = [outward * float(axis == other) for other in range(3)]
            ahead = [float((axis + 1) % 3 == other) for other in range(3)]
            place = self.add(
                f"AXIS2_PLACEMENT_3D('',#{points[ring[0]]},#{self.add("DIRECTION('',({},{},{}))".format(*normal))},"
                f"#{self.add("DIRECTION('',({},{},{}))".format(*ahead))})"
            )
            made.append(self.add(f"ADVANCED_FACE('',(#{bound}),#{self.add(f"PLANE('',#{place})")},.T.)"))
        kind = "CLOSED_SHELL" if closed else "OPEN_SHELL"
        return self.add(f"{kind}('',({','.join(f'#{face}' for face in made)}))"), made

    def product(self, name: str, shape: str, items: Sequence[int], number: str = "") -> tuple[int, int]:
        """A product with a representation of kind `shape`: the numbers of its definition and of the representation."""
        product = self.add(f"PRODUCT('{number or name}','{name}','',(#{self.products}))")
        formation = self.add(f"PRODUCT_DEFINITION_FORMATION('','',#{product})")
        application = self.add(f"PRODUCT_DEFINITION_CONTEXT('part definition',#{self.products - 1},'design')")
        definition = self.add(f"PRODUCT_DEFINITION('design','',#{formation},#{application})")
        of_shape = self.add(f"PRODUCT_DEFINITION_SHAPE('','',#{definition})")
        listed = ",".join(f"#{item}" for item in (self.axes((0, 0, 0)), *items))
        representation = self.add(f"{shape}('',({listed}),#{self.context})")
        self.add(f"SHAPE_DEFINITION_REPRESENTATION(#{of_shape},#{representation})")
        return definition, representation

    def box(self, name: str, size: Vector, number: str = "", color: Rgb | None = None) -> tuple[int, int]:
        """A product that is a box; its definition and representation."""
        shell, _ = self.shell(size, (0, 0, 0))
        solid = self.add(f"MANIFOLD_SOLID_BREP('{name}',#{shell})")
        made = self.product(name, "ADVANCED_BREP_SHAPE_REPRESENTATION", [solid], number)
        if color is not None:
            self.paint({solid: color})
        return made

    def use(self, parent: tuple[int, int], child: tuple[int, int], at: Vector, name: str = "NAUO1") -> None:
        """Places `child` in the assembly `parent`."""
        use = self.add(f"NEXT_ASSEMBLY_USAGE_OCCURRENCE('{name}','{name}','',#{parent[0]},#{child[0]},$)")
        shape = self.add(f"PRODUCT_DEFINITION_SHAPE('','',#{use})")
        here = self.axes((0, 0, 0))
        there = self.axes(at)
        moved = self.add(f"ITEM_DEFINED_TRANSFORMATION('','',#{here},#{there})")
        relation = self.add(
            f"(REPRESENTATION_RELATIONSHIP('','',#{child[1]},#{parent[1]})"
            f"REPRESENTATION_RELATIONSHIP_WITH_TRANSFORMATION(#{moved})SHAPE_REPRESENTATION_RELATIONSHIP())"
        )
        self.add(f"CONTEXT_DEPENDENT_SHAPE_REPRESENTATION(#{relation},#{shape})")

    def paint(self, colors: Mapping[int, Rgb]) -> None:
        """Gives solids or faces their sRGB colours."""
        styled = []
        for item, (red, green, blue) in colors.items():
            color = self.add(f"COLOUR_RGB('',{red},{green},{blue})")
            fill = self.add(f"FILL_AREA_STYLE_COLOUR('',#{color})")
            area = self.add(f"SURFACE_STYLE_FILL_AREA(#{self.add(f"FILL_AREA_STYLE('',(#{fill}))")})")
            side = self.add(f"SURFACE_SIDE_STYLE('',(#{area}))")
            style = self.add(f"PRESENTATION_STYLE_ASSIGNMENT((#{self.add(f'SURFACE_STYLE_USAGE(.BOTH.,#{side})')}))")
            styled.append(self.add(f"STYLED_ITEM('color',(#{style}),#{item})"))
        listed = ",".join(f"#{item}" for item in styled)
        self.add(f"MECHANICAL_DESIGN_GEOMETRIC_PRESENTATION_REPRESENTATION('',({listed}),#{self.context})")

    def __str__(self) -> str:
        body = "\n".join(f"#{number}={line};" for number, line in enumerate(self.lines, 1))
        return (
            "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\n"
            f"FILE_SCHEMA(('{self.schema}'));\nENDSEC;\nDATA;\n{body}\nENDSEC;\nEND-ISO-10303-21;\n"
        )


def new_step(unit: str = "mm", schema: str = "AUTOMOTIVE_DESIGN") -> StepText:
    text = StepText(unit, schema)
    text.start()
    return text


def machine() -> StepText:
    """A machine: a blue base, four yellow screws, and a motor unit of a body in SolidWorks' default grey, a shaft
    without a colour and two more of the screws. Uses are called NAUO1, NAUO2, ... as SolidWorks does.
    """
    text = new_step()
    base = text.box("Base plate", (60, 40, 5), "RA-100", (0.1, 0.2, 0.8))
    screw = text.box("Screw M5x20", (4, 4, 20), "N-5", (0.9, 0.8, 0.1))
    body = text.box("Motor body", (20, 20, 30), "RA-201", (0.792156863, 0.819607843, 0.933333333))
    shaft = text.box("Shaft", (5, 5, 60), "RA-202")
    unit = text.product("Motor unit", "SHAPE_REPRESENTATION", [], "RA-200")
    top = text.product("Machine", "SHAPE_REPRESENTATION", [], "RA-000")
    text.use(unit, body, (0, 0, 0), "NAUO1")
    text.use(unit, shaft, (0, 0, 30), "NAUO2")
    text.use(unit, screw, (0, 0, 90), "NAUO3")
    text.use(unit, screw, (9, 0, 90), "NAUO4")
    text.use(top, base, (0, 0, 0), "NAUO1")
    for number, (x, y) in enumerate(((0, 0), (50, 0), (0, 30), (50, 30)), 2):
        text.use(top, screw, (x, y, 5), f"NAUO{number}")
    text.use(top, unit, (20, 10, 5), "NAUO6")
    return text
