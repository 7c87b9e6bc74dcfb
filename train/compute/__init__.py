"""How work spreads over a machine: `device` (CPU or GPU, how many threads), `thread_replicas` (data parallelism by
threads), `distributed` (by processes), `gradient_exchange` (their gradients), `peers` (whether they are still there),
`copies` (to a GPU and back), `side_stream` (work beside the step), `cuda_graphs` (passes asked for at once),
`compilation` (torch.compile), `allocator` and `out_of_memory`.
"""
