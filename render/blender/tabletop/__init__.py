"""Realises in Blender what `render.scenes` describes: scenes of many parts.

`render_scene` is one job; `table_scene` the Blender scene; `heap` lets parts fall, and `clearance` says how far their
surfaces stand apart; `sight` is what the camera sees, exactly; `model_files` are the parts as models.
"""
