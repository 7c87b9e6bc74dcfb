"""The adaptation, step by step: `adaptation` is the loop, `task` the losses of a step, `step_images` the images of each
step, `parallel_network` the forward and backward passes; `optimizer`, `schedule`, `sharpness` (SDAT) and `label_shift`
are what a step does with the losses. `course` says when photos join and when the run ends, by `patience` with what no
longer rises. `run_length` gives many classes more steps, `checkpoint` lets a killed run go on, `loss_log` reads the
losses, `divergence` stops a run that is broken, `tensorboard` logs it.
"""
