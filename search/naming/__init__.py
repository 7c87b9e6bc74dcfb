"""Parts by their numbers and names, typed or read in a photo.

`codes` reads what stands in a photo, `catalogue` finds the parts that a text names, `fusion` puts these together with
what the photo looks like.
"""
