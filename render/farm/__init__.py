"""Who renders: processes that are kept busy, on this machine or on a Ray cluster.

`renderer` is one process, `queue` the parts that wait, `local_farm` this machine's processes; `ray_farm`, `ray_cluster`
and `ray_renderer` the same on a cluster; `content_hashes` what came out, as one hash a part.
"""
