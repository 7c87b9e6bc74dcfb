"""How ONNX files are opened and asked: whoever wrote one, its numbers are its own, and it has an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Timer
from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.errors import UserError
from cad2real.process_limits import room_for

NOWHERE = "/dev/null/of-the-file-alone"
"""No file can be there. Weights that an ONNX file says lie in other files would be read from the current folder."""
MOST_S = 120.0
"""A batch of pictures takes a second or two; a file may hold a loop without an end."""
MOST_MEMORY = 4 * 1024**3
"""What opening a file, or its first picture, may take: a file of a few bytes may make an array of any size."""


class OnnxSession:
    """An onnxruntime session of a file that may be a stranger's. Threads may use one at the same time."""

    def __init__(self, content: bytes, threads: int, name: str) -> None:
        """Opens the bytes of the file `name`; `threads` work on one picture (0: as many as there are cores). Raises
        onnxruntime's exceptions, and MemoryError, for what is none.
        """
        import onnxruntime

        self._name = name
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # what is wrong with a file is said once, by the exception
        # Threads that wait in a loop for the next layer take the time of the process that reads codes meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", NOWHERE)
        with room_for(MOST_MEMORY):
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the file says of itself."""
        said: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        return said

    def run(self, outputs: Sequence[str], inputs: Mapping[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """The `outputs` for `inputs`. Raises UserError where they are not there after MOST_S."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        stop = Timer(MOST_S, setattr, (options, "terminate", True))
        stop.daemon = True
        stop.start()
        try:
            return [np.asarray(answer) for answer in self._session.run(outputs, dict(inputs), options)]
        except Exception:
            if options.terminate:
                raise UserError(f"{self._name} has no answer after {MOST_S:.0f} s.", "Train it again.") from None
            raise
        finally:
            stop.cancel()
