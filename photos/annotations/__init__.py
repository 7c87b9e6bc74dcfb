"""Boxes as people have them: each format of annotations to the same rows, told by content, one format a file.

`row` is what all come to, `files` reads text, tables, JSON and XML safely. The formats: `own_csv` (ours),
`roboflow_csv`, `openimages`, `via` (json and csv), `via3`, `coco`, `labelme`, `label_studio` (`brush`: its painted
masks), `voc`, `cvat`, `yolo`. `reading` tells which one a file is, and reads a file or all that lie in a folder.
"""
