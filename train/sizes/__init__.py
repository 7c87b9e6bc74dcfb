"""What a part's size in a photo tells about which part it is: `possible_sizes` of the parts, `size_prior` calibrated on
photos without labels.
"""
