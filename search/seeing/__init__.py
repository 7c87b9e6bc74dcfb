"""What is seen in a photo: `things` in it that are asked about, and the `sizes` that a known length gives them."""
