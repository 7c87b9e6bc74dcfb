"""How well parts are found: pure figures.

`retrieval` has those of the index stage by label with the examples of the report, `parts` those at the level of parts
(accuracy at k, mAP, NDCG) and of things that are no part (AUROC).
"""
