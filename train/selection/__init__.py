"""Which epoch's network is kept, without target labels: `epoch_scores` scores each, `candidates` stores them on disk,
`choice` picks one, `hindsight` reports afterwards what that cost, `partial_target` finds when not to adapt at all.
"""
