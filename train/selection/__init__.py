"""Which epoch's network is kept, without target labels: `epoch_scores` judges each, `candidates` keeps them on disk,
`choice` picks one, `hindsight` tells afterwards what that cost, `partial_target` says when not to adapt at all.
"""
