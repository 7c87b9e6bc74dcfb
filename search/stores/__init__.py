"""Where embeddings lie and are searched: `store` says what all stores can, `exact` compares with every row in memory,
`qdrant` asks a Qdrant server, `qdrant_edge` has the same engine in this process. `points` is what the latter two say of
a row, `publishing` brings the store that params.yaml names to what an index has, and opens it; `ranking` ranks what
it finds.
"""
