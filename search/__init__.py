"""A model and renders become an index; a photo goes in, the parts that it may show come out.

`stage` makes the index (`index`: its files and data; `renders`: what it is made of; `principal`: a short form of many
embeddings) and measures it on labelled photos (`scores`). `changing` adds and removes parts without training,
`additions` keeps that. `query` finds the parts of one photo, from Python with `Search.open(project).find(photo)`;
`prediction` names the label of many photos; `finding` the boxes of the parts in whole photos, `counting` how many of
which label. `model` is the trained model as search uses it. `ranking` is the distance between a photo, or several of
one part, and a part, `part_filter` says which parts may be an answer, `places` where they stand in the part list,
`ties` which are nearly alike and how to tell them apart, `usual` how like a part photos of it are; both go by what
`held_out` renders say; `handicaps` is what added parts may take from learned ones. `seeing` makes of a photo what is
asked about, with its size where a length is known. `looks` says what a photo looks as if it were made of, `naming`
finds parts by numbers and names, typed or read in a photo. `stores` are where large indexes lie, `evaluation` scores
all of it. `web` is the page; `labelling` asks for names of photos. `index_cli`, `cli`, `photos_cli` and `service_cli`
have the commands, `params` the parameters.
"""
