"""How ONNX files are opened: whoever wrote one, its numbers are its own."""

from __future__ import annotations

from typing import Any

NOWHERE = "/dev/null/of-the-file-alone"
"""No file can be there. Weights that an ONNX file says lie in other files would be read from the current folder."""


def session_options(threads: int) -> Any:
    """Onnxruntime's SessionOptions for a file that may be a stranger's; `threads` work on one picture (0: as many as
    there are cores).
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what is wrong with a file is said once, by the exception
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", NOWHERE)
    return options
