"""Raw photos to upright square pictures, and a manifest of them.

`stage` does a folder: `find` lists its photos, `boxes` reads where parts are, `opening` decodes strangers' files
upright, `crop` is the rule of the square, `square` applies it, `manifest` is what comes out.
"""
