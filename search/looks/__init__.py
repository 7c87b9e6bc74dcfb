"""What a photo looks as if it were made of: material, surface and colour, from the index's own vectors.

`words` reads what each render was drawn with, `heads` says of embeddings what they look like (numpy alone), `fitting`
makes the heads of an index's renders and measures each on parts that it has not seen, `unseen` finds parts that have
metadata and no renders yet; `photo_shift` gives embeddings of photos back what all photos have in common.
"""
