"""`predict`, `search` and `count` of whole photos: every part found gets its answer; given boxes win."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
import search.counting
import search.prediction
from cad2real.errors import Skipped, UserError
from photos.crop import Box
from photos.finder.finder import Finder, FinderDescription
from photos.finder.look import Maps
from photos.looking import Looking
from photos.params import PhotosParams
from search.counting import CountedParts, count_parts, counting_predictor
from search.index import Index, IndexedPart
from search.prediction import Prediction, Predictor
from search.query import Search

LARGE, SMALL = (20, 20, 84, 84), (120, 40, 152, 72)


class Colours:
    """Names a square by the colour of its middle; embeds it as that."""

    knows_scale = False
    unknown_below: float | None = None
    key, classes = "key", ("blue", "red")

    def predict(
        self, images: Sequence[Image.Image], top: int = 5, sides: Sequence[float] | None = None
    ) -> list[list[tuple[str, float]]]:
        embeddings, _ = self.embed_and_classify(images)
        return [[("red", 0.9) if row[0] > row[1] else ("blue", 0.8)][:top] for row in embeddings]

    def embed_and_classify(
        self, images: Sequence[Image.Image]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        middles = np.array([np.asarray(image)[len(np.asarray(image)) // 2, image.width // 2] for image in images])
        rows = middles[:, [0, 2]].astype(np.float32) + 1
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows, rows[:, ::-1] / rows.sum(axis=1, keepdims=True)

    def embed_files(self, paths: Sequence[Path], label: str) -> npt.NDArray[np.float32]:
        raise NotImplementedError


def sees_colour(picture: npt.NDArray[np.uint8]) -> Maps:
    """A network that takes for a part what is no grey."""
    from scipy import ndimage

    colour = (picture.max(axis=0).astype(float) - picture.min(axis=0)) / 255
    cells = np.clip(colour[2::4, 2::4], 0, 1).astype(np.float32)
    centre, reach = np.zeros_like(cells), np.full((4, *cells.shape), 4, np.float32)
    outlines, _ = ndimage.label(cells > 0.2)
    for rows, columns in ndimage.find_objects(outlines):
        middle = (rows.start + rows.stop - 1) // 2, (columns.start + columns.stop - 1) // 2
        centre[middle] = cells[middle]
        across, down = (columns.stop - columns.start) * 2, (rows.stop - rows.start) * 2
        reach[:, rows, columns] = np.array([across, down, across, down], np.float32)[:, None, None]
    return cells, centre, reach


@pytest.fixture
def looking() -> Looking:
    return Looking(Finder(sees_colour, FinderDescription(image_size=192, threshold=0.5), "sees colours"))


@pytest.fixture
def predictor(looking: Looking) -> Predictor:
    return Predictor(Colours(), PhotosParams(size=64), looking)


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    picture = Image.new("RGB", (192, 128), (120, 120, 120))
    picture.paste((200, 20, 20), LARGE)
    picture.paste((0, 0, 255), SMALL)
    picture.save(tmp_path / "shot.png")
    Image.new("RGB", (192, 128), (130, 120, 120)).save(tmp_path / "empty.png")
    return tmp_path / "shot.png"


def labels(answers: object) -> list[str]:
    assert isinstance(answers, list)
    return [answer.labels[0][0] for answer in answers]


def test_every_part_found_has_its_answer_with_its_box(predictor: Predictor, shot: Path) -> None:
    answers = list(predictor.predict([shot]))
    assert sorted(labels(answers)) == ["blue", "red"]
    for answer in answers:
        assert isinstance(answer, Prediction) and answer.box and answer.score
        assert np.abs(np.array(answer.box) - (LARGE if answer.labels[0][0] == "red" else SMALL)).max() <= 4
        assert set(answer.as_dict()) == {"photo", "labels", "box", "score"}


def test_one_is_the_largest_and_given_boxes_win(predictor: Predictor, shot: Path) -> None:
    assert labels(list(predictor.predict([shot], one=True))) == ["red"]
    (given,) = predictor.predict([shot], Box(*SMALL))
    assert isinstance(given, Prediction) and given.labels[0][0] == "blue" and given.box is None


def test_a_photo_in_which_nothing_is_found_is_asked_about_whole(predictor: Predictor, shot: Path) -> None:
    (whole,) = predictor.predict([shot.parent / "empty.png"])
    assert isinstance(whole, Prediction) and whole.box is None and set(whole.as_dict()) == {"photo", "labels"}


def test_search_answers_for_every_part(looking: Looking, shot: Path) -> None:
    parts = (IndexedPart("b", "blue", "b"), IndexedPart("r", "red", "r"))
    index = Index(np.eye(2, dtype=np.float32)[::-1].copy(), parts, np.array([0, 1]), ("b.png", "r.png"), "adapt", "key")
    tool = Search(index, Colours(), PhotosParams(size=64), looking)
    answers = tool.find_all(shot, top=1)
    assert {answer.matches[0].label for answer in answers} == {"blue", "red"}
    assert {answer.matches[0].label: answer.where for answer in answers}["red"].count(",") == 3
    assert [entry["rank"] for answer in answers for entry in answer.as_dicts()] == [1, 1]
    (largest,) = tool.find_all(shot, top=1, one=True)
    assert largest.matches[0].label == "red" and "box" in largest.as_dicts()[0]
    (whole,) = tool.find_all(shot.parent / "empty.png")
    assert whole.box is None and whole.where == "" and "box" not in whole.as_dicts()[0]
    (shot.parent / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    for name in ("broken.jpg", "gone.jpg"):
        with pytest.raises(UserError, match=name):
            tool.find_all(shot.parent / name)


def test_parts_are_counted_and_drawn(predictor: Predictor, shot: Path) -> None:
    (shot.parent / "words.jpg").write_text("no picture")
    paths = [shot, shot.parent / "words.jpg", shot.parent / "empty.png", shot]
    counted, bad, nothing = count_parts(predictor, paths, shot.parent / "drawn")
    assert isinstance(counted, CountedParts) and counted.counts == {"blue": 1, "red": 1}
    assert isinstance(bad, Skipped)
    assert isinstance(nothing, CountedParts) and nothing.counts == {}
    assert [path.name for path in sorted((shot.parent / "drawn").iterdir())] == ["00000_shot.jpg", "00002_empty.jpg"]


def test_without_a_finder_nothing_is_counted(shot: Path) -> None:
    with pytest.raises(UserError, match="cad2real train find"):
        list(count_parts(Predictor(Colours(), PhotosParams(size=64)), [shot]))


def rendered(root: Path, labels: Sequence[str]) -> None:
    for number, label in enumerate(labels):
        folder = root / "data/renders" / f"p{number}"
        folder.mkdir(parents=True)
        part = {"part_id": f"p{number}", "label": label, "name": label, "views": [{"file": "view_000.png"}]}
        (folder / "part.json").write_text(json.dumps(part))
    (root / "data/renders").mkdir(parents=True, exist_ok=True)
    names = [f"p{number}" for number in range(len(labels))]
    (root / "data/renders/renders.json").write_text(json.dumps({"parts": names}))


def test_where_all_parts_have_one_label_they_are_counted_without_a_model(
    looking: Looking, shot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search.counting, "project_looking", lambda layout, params: looking)
    rendered(shot.parent, ["screw", "screw"])
    (counted,) = count_parts(counting_predictor(shot.parent), [shot])
    assert isinstance(counted, CountedParts) and counted.counts == {"screw": 2}
    with pytest.raises(UserError, match="other"):  # a model that is asked for is not made up for
        counting_predictor(shot.parent, shot.parent / "other")


@pytest.mark.parametrize("labels", [[], ["nut", "screw"]])
def test_where_there_are_more_labels_or_none_a_model_has_to_name_them(tmp_path: Path, labels: list[str]) -> None:
    rendered(tmp_path, labels)
    with pytest.raises(UserError, match="adapt"):
        counting_predictor(tmp_path)


def test_the_commands(predictor: Predictor, shot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shot.parent)
    (shot.parent / "params.yaml").touch()
    monkeypatch.setattr(search.prediction.Predictor, "open", lambda root, model=None: predictor)
    run = CliRunner().invoke(cad2real.cli.app, ["count", "shot.png", "empty.png", "--json", "out.json"])
    assert run.exit_code == 0
    lines = [line.split() for line in run.stdout.splitlines()]
    assert lines == [["photo", "label", "parts"], ["shot.png", "blue", "1"], ["shot.png", "red", "1"],
                     ["empty.png", "nothing", "found", "0"]]  # fmt: skip
    photos = json.loads(Path("out.json").read_text())["photos"]
    assert [len(one["parts"]) for one in photos] == [2, 0]
    run = CliRunner().invoke(cad2real.cli.app, ["predict", "shot.png", "gone.png"])
    assert run.exit_code == 1 and "gone.png" in run.stderr
    assert run.stdout.splitlines()[0].split() == ["photo", "x_min", "y_min", "x_max", "y_max", "label", "probability"]
    run = CliRunner().invoke(cad2real.cli.app, ["predict", "shot.png", "--one"])
    assert len(run.stdout.splitlines()) == 2
