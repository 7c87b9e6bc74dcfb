"""What is seen in a photo, which is `decoded` once: `things` in it that are asked about, and the `sizes` that a known
length gives them. `guarded_photos` decodes strangers' photos in a process that may be lost.
"""
