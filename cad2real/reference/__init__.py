"""The reference of all parameters, made of the schemas of the rooms (`params.py`), so that nothing is said twice.

`rows` is the one walk over the schemas; of it come the `comments` of params.yaml files, the documentation's `page`,
what `cad2real params` prints (`terminal`, `command`) and the `json_schema` for editors.
"""
