"""Raw photos, with or without boxes, to upright square pictures.

`find` lists the photos and what each is cut by, `boxes` reads the box file; `opening` opens one photo safely and turns
it upright (EXIF), `pixels` makes it RGB, `crop` says which square is cut, `square` cuts it; `manifest` is photos.csv
and the content key, `stage` a whole folder, `split` sets photos apart for judging. Search opens its query photos
through `square` too. `looking` cuts photos without boxes by what the finder sees, `correction`
writes what was found as boxes for a person to correct.
"""
