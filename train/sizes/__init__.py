"""What a part's outline in a photo tells about which part it is: `possible_sizes` of the parts, `calibration` on the
photos that finds what holds, and `size_prior`, which corrects class probabilities by it.
"""
