"""The typed schema of the `catalogue` and `render` blocks of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cad2real.schema import Block, unit, values

ViewSampler = Literal[
    "sphere_equidistant",
    "sphere_uniform",
    "hemisphere",
    "circular",
    "icosahedron",
    "dodecahedron",
    "antiprism",
    "resting",
]
Roll = Literal["fixed", "spread", "random"]
Quality = Literal["draft", "standard", "high", "synthnet"]
Output = Literal["depth", "normals", "mask", "bodies"]
Framing = Literal["fit", "real_scale"]
BackgroundMode = Literal["transparent", "color", "environment", "folder", "ground"]
EnvironmentMode = Literal["none", "white", "grey", "one", "cycle", "random"]
Unknown = Literal["vary", "default"]
Units = Literal["mm", "cm", "m", "in"]
Classes = Literal["all", "single", "assemblies", "spare"]
Role = Literal[
    "part_number", "name", "description", "quantity", "position", "material", "surface", "color", "level", "path",
    "parent",
    "file", "standard", "size", "unit", "spare", "kind", "price", "weight", "supplier", "supplier_number", "link",
    "revision", "remark", "other",
]  # fmt: skip

VIEW_SAMPLERS = {
    "sphere_equidistant": "from all around, along a golden spiral over the whole sphere",
    "sphere_uniform": "from random directions",
    "hemisphere": "from above, along a spiral over the upper half",
    "circular": "a turntable, at elevation_deg",
    "icosahedron": "the corners of this solid",
    "dodecahedron": "the corners of this solid",
    "antiprism": "the corners of this solid",
    "resting": "the part lies on a table in one of its stable poses, seen from above (resting_tilt_deg)",
}


class CatalogueParams(Block):
    """The part list: where it is, and what holds for parts that do not say it themselves."""

    parts: str = "data/parts/parts.csv"
    """Part list: csv, tsv, txt, xlsx, xls or ods, as companies have them, or with the columns part_id and file.

    It has to lie in data/parts/, where `cad2real run` looks for changes. Paths of CAD files in it are relative to it;
    without a column of files they are found below its folder by part number or name. `cad2real catalogue --explain`
    says how it is read.
    """
    units: Units = Field("mm", json_schema_extra=values({"mm": "", "cm": "", "m": "", "in": ""}))
    """Length unit of CAD files that do not say theirs.

    STL, OBJ and PLY do not; STEP, GLB, USD and .blend carry their own. The column `units` of the part list counts more.
    """
    columns: dict[str, Role] = Field({}, json_schema_extra=unit(""))
    """What columns of the part list are, by header or letter, where that is not found: {Sach-Nr: part_number}.

    `cad2real catalogue --init` writes them as they were found. A list with the columns part_id and file needs none.
    """
    sheet: str | None = None
    """The sheet of a workbook that is read; null: those that look like part lists."""
    header_row: int | None = Field(None, ge=1)
    """The row that names the columns, as spreadsheets count; null: it is found."""
    classes: Classes = Field(
        "all",
        json_schema_extra=values(
            {
                "all": "every part with CAD",
                "single": "parts that have no parts of their own",
                "assemblies": "parts that are made of others",
                "spare": "those that the list marks as spare or wear parts",
            }
        ),
    )
    """Which rows of a company's part list become classes."""
    skip_bought: bool = False
    """Whether bought standard parts (DIN, ISO, Toolbox, commerce) of a company's part list are left out."""


class EnvironmentParams(Block):
    """What surrounds and lights a part: environment maps, or plain light.

    Each view turns the map by another angle and has another strength.
    """

    mode: EnvironmentMode = Field(
        "cycle",
        json_schema_extra=values(
            {
                "none": "no surroundings, only the lamps of area_lights",
                "white": "plain white from all sides",
                "grey": "plain grey, half as bright",
                "one": "the map called `name` in every view",
                "cycle": "one map after the other",
                "random": "a map drawn for each view",
            }
        ),
    )
    """Which map lights which view."""
    folder: str | None = None
    """Folder of your own maps (.hdr, .exr, .png, .jpg); null: the eight of Blender.

    Those are city, courtyard, forest, interior, night, studio, sunrise and sunset. All maps are brought to one exposure
    and white balance.
    """
    name: str = "studio"
    """The map of mode one: its file name without suffix."""


class RenderParams(Block):
    """Views of a part: how many, from where, how large and how good.

    A change here renders the parts anew whose pictures it would change; `device`, `workers`, `farm` and `ray_address`
    change none.
    """

    views: int = Field(32, ge=1, le=10_000, json_schema_extra=unit("pictures"))
    """Pictures of each part.

    More views help recognition, and time and disk grow with them. Another number renders all views anew.
    """
    size: int = Field(512, ge=16, le=4096, json_schema_extra=unit("px"))
    """Side of a picture.

    Training shrinks pictures to train.image_size, so less than that is lost detail and much more is lost time.
    """
    sampler: ViewSampler | dict[ViewSampler, float] = Field(
        {"resting": 0.75, "sphere_equidistant": 0.25}, json_schema_extra=values(VIEW_SAMPLERS)
    )
    """Where the camera stands: a word, or a mixture such as {resting: 0.75, sphere_equidistant: 0.25}.

    The numbers of a mixture are relative shares. Choose what people will photograph: `resting` for parts on a table.
    What views show matters more than how smooth they are.
    """
    elevation_deg: float = Field(30.0, ge=-90, le=90, json_schema_extra=unit("degrees"))
    """Height of the camera above the horizon, for the circular sampler."""
    resting_tilt_deg: tuple[float, float] = Field((0.0, 55.0), json_schema_extra=unit("degrees"))
    """Least and largest tilt of the camera from straight above, for resting parts."""
    roll: Roll = Field(
        "fixed",
        json_schema_extra=values(
            {"fixed": "upright", "spread": "evenly over 0 to 90 degrees", "random": "by any angle"}
        ),
    )
    """How the camera is turned about its own axis."""
    table: bool = True
    """Whether resting parts lie on an unseen table that they reflect.

    It darkens and tints what faces it, as a real table does. No effect with `background: ground`, which is seen.
    """
    framing: Framing = Field(
        "fit",
        json_schema_extra=values(
            {
                "fit": "each part fills the picture as far as `fill` says",
                "real_scale": "one camera distance for all: small parts look small, as before a fixed camera",
            }
        ),
    )
    """How large a part is in its pictures."""
    fill: float = Field(0.85, gt=0.05, le=0.98)
    """Share of the picture's side that the part fills.

    With `framing: real_scale` this holds for the largest part, and the others are smaller.
    """
    focal_length_mm: tuple[float, float] = Field((50.0, 300.0), json_schema_extra=unit("mm"))
    """Range from which each view's focal length is drawn (36 mm wide sensor).

    Long ones, because a part fills only a piece of most photos: the camera is further away than its lens alone would
    say.
    """
    environments: EnvironmentParams = EnvironmentParams()
    area_lights: int = Field(0, ge=0, le=8, json_schema_extra=unit("lamps"))
    """Lamps at random places above the part, beside the environment map."""
    materials: Literal["metadata", "random"] = Field(
        "metadata",
        json_schema_extra=values({"metadata": "what the part list says", "random": "drawn for each part"}),
    )
    """What parts are made of."""
    unknown: Unknown = Field(
        "vary",
        json_schema_extra=values(
            {
                "vary": "drawn for each view from what is plausible",
                "default": "one look for all views: steel, the first surface, grey plastic",
            }
        ),
    )
    """What a part is made of where the part list is silent: no material, surface, or colour of a plastic or paint.

    What the list says is kept exactly, and a CAD file's own colours count as said. A network that has seen a part in
    many colours knows it by its shape.
    """
    material_library: str | None = None
    """Your own materials: a .blend file or a folder of them; null: none.

    A material counts wherever the part list says its name, before the built-in ones. Nothing in the file is executed.
    """
    variation: float = Field(0.3, ge=0, le=1)
    """How much roughness and tint change from view to view; 0: not at all.

    Materials of `material_library` are left alone.
    """
    background: BackgroundMode = Field(
        "transparent",
        json_schema_extra=values(
            {
                "transparent": "nothing: training lays backgrounds of its own behind",
                "color": "background_color",
                "environment": "the map that lights the view",
                "folder": "a picture of background_folder for each view",
                "ground": "a table with the part's shadow, for about twice the time",
            }
        ),
    )
    """What is baked in behind the part.

    Its alpha is kept in a file of its own. Bake pictures in only where they are what the camera will see, or for other
    tools.
    """
    background_color: str = Field("#ffffff", pattern="^#[0-9a-fA-F]{6}$")
    """Colour of `background: color`, as "#rrggbb" in quotes."""
    background_folder: str | None = None
    """Folder of pictures for `background: folder`; null: none.

    Each view gets a square of one of them, by seed, part and view.
    """
    outputs: tuple[Output, ...] = Field(
        (),
        json_schema_extra=values(
            {
                "depth": "depth_000.exr in mm along the camera's axis, and a 16-bit png",
                "normals": "in the camera's axes",
                "mask": "where the part is",
                "bodies": "which body of an assembly each pixel shows",
            }
        ),
    )
    """What is written of each view beside the picture."""
    quality: Quality = Field(
        "standard",
        json_schema_extra=values(
            {
                "draft": "3 samples a pixel, enough for training",
                "standard": "12",
                "high": "128",
                "synthnet": "4096, as SynthNet, very slow",
            }
        ),
    )
    """What Cycles spends on a view.

    `standard` takes some three times as long as `draft`, `high` seven times as long as `standard`.
    """
    device: Literal["auto", "cpu", "gpu"] = Field(
        "auto",
        json_schema_extra=values(
            {"auto": "graphics cards where Blender finds some", "cpu": "the processor", "gpu": "cards or nothing"}
        ),
    )
    """What the pictures are rendered on."""
    workers: int | Literal["auto"] = Field(
        "auto",
        json_schema_extra=unit("processes") | values({"auto": "one a core or graphics card, as far as memory carries"}),
    )
    """Renderer processes at a time, some 700 MB each."""
    farm: Literal["local", "ray"] = Field(
        "local", json_schema_extra=values({"local": "on this machine", "ray": "on a Ray cluster (docs/how-to/ray.md)"})
    )
    """Where parts are rendered; the pictures are the same."""
    ray_address: str | None = None
    """HOST:PORT of the Ray cluster's head node, or auto.

    null: a cluster of this machine alone is started and ended.
    """
    seed: int = Field(0, ge=0)
    """Another seed gives other views.

    What is random in a view depends on the seed, the part's id and the view's number only, not on the order of work.
    """
