"""How work spreads over a machine: `lanes` (one thread a core), `distributed` (one process a GPU), `compilation`
(torch.compile), `allocator` and `out_of_memory`.
"""
