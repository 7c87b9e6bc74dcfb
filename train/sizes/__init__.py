"""What a part's size in a photo says of which part it is: `possible_sizes` of the parts, `size_prior` calibrated on
photos without labels.
"""
