"""The training stages: each reads artifacts, trains or scores, and writes its folder whole."""
