"""Raw photos, with or without boxes, to upright square pictures.

`find` lists the photos and what each is cut by; `boxes` are those that somebody gave: `annotations` reads any format,
`names` finds the photos that are meant, `placing` makes the boxes upright; `opening` opens one photo safely and turns
it upright (EXIF), with `containers` (HEIC, PDF), `pixels` (to RGB) and `colours` (to sRGB); `crop` says which square is
cut, `square` cuts it; `looking` cuts photos without boxes by what the finder sees; `duplicates` are photos that are
there twice; `learned` says whose labels train and so do not score, `feedback_photos` are those of the served page that
do, `labelling` asks a person for more; `manifest` is photos.csv and the content key, `stage` a whole folder,
`unfinished` what an interrupted run has made of it, `split` sets photos apart for judging, `export` writes boxes for
others, `correction` what was found as boxes for a person to correct. Search opens its query photos through `square`
too.
"""
