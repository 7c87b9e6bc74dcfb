"""The trained model as search uses it: `embedding` is what is needed of it and how its answers become questions to an
index, `outlines` what it knows of a part's outline, `torch_model` loads it, `photo_network` is its form without torch.
"""
