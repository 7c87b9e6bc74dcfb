"""The training stages: each reads artifacts, trains or scores, and writes its folder whole.

`probe` (1a; `frozen_features`), `finetune` (1b), `adapt` (2; `adapt_epochs`, `several_seeds`, `sureness`, and
`no_photos` where there are none), `evaluate` (with `domain_gap`); `find` trains the finder of parts in whole photos,
`segment` the class of every pixel; `tune` searches parameters (`search_space`, `tune_trials`), `suggest` says which
photos to name next, `score` scores models on the photos, `baselines` what simpler ways reach there (`pace`);
`source_domain` is what all of them read.
"""
