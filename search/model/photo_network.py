"""A trained model in use without torch: `PhotoNetwork.load("data/index/network.onnx")` embeds photos and names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cad2real.errors import UserError
from cad2real.onnx_session import MOST_MEMORY, OnnxSession
from cad2real.process_limits import room_for
from search.ranking import Floats
from train.data.foreground import zoom_to_part
from train.data.image_cache import to_array, upright_square

NETWORK = "network.onnx"
IMAGES, OUTPUTS, ABOUT = "images", ["embeddings", "probabilities"], "cad2real"  # names in the file
BATCH = 64  # images a forward pass
REMEDY = "Run `cad2real index`."


class About(BaseModel):
    """What the file says of itself, which may be a stranger's: `model_key` is that of the weights it was made
    of.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    model_key: str
    classes: list[str] = Field(min_length=1, max_length=100_000)
    image_size: int = Field(ge=1, le=1024)


class PhotoNetwork:
    """An `Embedder` of photos by onnxruntime. Threads may use one at the same time."""

    def __init__(self, session: OnnxSession, about: About) -> None:
        self._session, self.about = session, about
        self.key, self.classes = about.model_key, tuple(about.classes)

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> PhotoNetwork:
        """Reads what `cad2real index` or `cad2real export onnx` wrote. `threads` work on one photo (0: as many as there
        are cores). Raises UserError when it is missing, damaged, or no such file.
        """
        try:
            session = OnnxSession(path.read_bytes(), threads, str(path))
            about = About.model_validate_json(session.metadata[ABOUT])
            network = cls(session, about)
            with room_for(MOST_MEMORY):
                network.embed_and_classify([Image.new("RGB", (about.image_size, about.image_size))])
        except FileNotFoundError:
            raise UserError(f"There is no {path}.", REMEDY) from None
        except UserError:
            raise
        except Exception as error:  # onnxruntime has its own exceptions for each fault of a file
            said = str(error.errors()[0]["msg"]) if isinstance(error, ValidationError) else str(error)
            reason = (said.splitlines() or [type(error).__name__])[0][:200]
            raise UserError(f"{path} is damaged or no exported model ({reason}).", REMEDY) from None
        return network

    def embed_and_classify(self, images: Sequence[Image.Image]) -> tuple[Floats, Floats]:
        """Embeddings (n, d), L2-normalised, and class probabilities (n, classes) of square photos."""
        size = self.about.image_size
        pixels = np.zeros((len(images), 3, size, size), np.float32)
        for row, image in enumerate(images):
            pixels[row] = to_array(zoom_to_part(upright_square(image)), size, "RGB")
        pixels /= 255
        answers = [
            self._session.run(OUTPUTS, {IMAGES: pixels[start : start + BATCH]})
            for start in range(0, max(1, len(images)), BATCH)
        ]
        embeddings, probabilities = (np.concatenate(parts) for parts in zip(*answers, strict=True))
        if probabilities.shape != (len(images), len(self.classes)) or embeddings.ndim != 2:
            raise ValueError(f"it answers {embeddings.shape} and {probabilities.shape}")
        if not (np.isfinite(embeddings).all() and np.isfinite(probabilities).all()):
            raise UserError("The model answers with what is no number.", "Train it again.")
        return embeddings, probabilities
