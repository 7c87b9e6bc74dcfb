"""The adaptation, step by step: `adaptation` is the loop, `step_images` what each step sees, `runner` the passes
through the network, `optimizer`, `schedule`, `sharpness` (SDAT) and `label_shift` what a step does with the losses,
`checkpoint` how a killed run goes on, `divergence` when it must not, `tensorboard` what can be watched.
"""
