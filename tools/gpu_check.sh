#!/usr/bin/env bash
# What only a GPU can show, in a few minutes on one card: speed, copies and waits of a step, an adaptation that is killed
# and goes on, the tests that are marked `cuda`. In the repository's root, on a machine with PyTorch and timm; bpy, dvc
# and prefect are not needed:
#     DATA=project/data OUT=/tmp/gpu_check bash tools/gpu_check.sh
# DATA holds renders/ and squares/. Results: $OUT/summary.txt, a log a part, bench_train.json.
# PYTHON: the interpreter (python3). LIMIT: seconds after which no part begins (465). SLOW: stretches each part's limit.
# SMOKE=1: tiny networks, to try the script on a CPU. PARTS: which to run ("bench adapt tests profile"; also: compiled).
set -u
ROOT=$PWD; OUT=${OUT:-${TMPDIR:-/tmp}/gpu_check}; mkdir -p "$OUT"
DATA=$(cd "${DATA:?a folder with renders and squares}" && pwd)
SLOW=${SLOW:-1}; BEGAN=$SECONDS; LIMIT=${LIMIT:-465}; SMOKE=${SMOKE:-0}; SUM=$OUT/summary.txt; : >"$SUM"
PARTS=${PARTS:-bench adapt tests profile}; PY=${PYTHON:-python3}
export PYTHONPATH=$ROOT${PYTHONPATH:+:$PYTHONPATH} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 CUBLAS_WORKSPACE_CONFIG=:4096:8
say() { printf '%4ds  %s\n' $((SECONDS - BEGAN)) "$*" | tee -a "$SUM"; }
wanted() { case " $PARTS " in *" $1 "*) return 0 ;; esac; return 1; }
part() { # name, most seconds, command...
    local name=$1 most=$((SLOW * $2)) left=$((LIMIT - SECONDS + BEGAN)) t=$SECONDS rc; shift 2
    [ "$left" -lt "$most" ] && most=$left
    [ "$most" -lt 3 ] && { say "$name: no time left"; return 1; }
    timeout -k 5 "$most" "$@" >"$OUT/$name.log" 2>&1; rc=$?
    case $rc in 0) say "$name: ok in $((SECONDS - t)) s" ;; 124) say "$name: CUT OFF after $most s" ;; *) say "$name: FAILED rc=$rc in $((SECONDS - t)) s"; tail -3 "$OUT/$name.log" ;; esac
    return $rc
}
in_p() { (cd "$1" && shift && "$@"); }
export -f in_p
say "$($PY -W ignore -c 'import sys,torch,timm; print("python %d.%d" % sys.version_info[:2], "torch", torch.__version__, "timm", timm.__version__, torch.cuda.get_device_name() if torch.cuda.is_available() else "NO GPU")' 2>&1 | tail -1)"

# --- three copies of the project: undisturbed, killed, speed ---
P=${TMPDIR:-/tmp}/gpu_p; rm -rf "${P}"_*; NET=vit_small_patch16_224; SIZE=224; BATCH=32; STEPS=10
NETS="vit_base_patch16_224:224 swinv2_base_window12_192:192"; N=40; B=64
[ "$SMOKE" = 1 ] && { NET=test_vit; SIZE=64; BATCH=6; STEPS=2; NETS=test_vit:64; N=2; B=4; }
mkdir -p "${P}_a" && cp -r "$DATA" "${P}_a/data"
cat >"${P}_a/params.yaml" <<Y
train: {backbone: $NET, weights: random, image_size: $SIZE, batch_size: $BATCH, epochs: 4, steps_per_epoch: $STEPS,
  probe: {draws: 1}, adapt: {source_only_share: 0.2, fall_back: false, target_statistics: own, frozen_blocks: 0, backbone_learning_rate: 0.00005,
  methods: {cdan: 0.1, prior_information: 1.0, self_training: 1.0, mcc: 0.1, mic: 0.5, sdat: 0.02}}}
Y
cp -r "${P}_a" "${P}_d"
# Pictures of 512 pixels, as the renderer makes them: the usual loop decodes them anew for every batch.
(cd "${P}_d/data" && $PY - <<'Y'
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from PIL import Image
SIDE = 512
def enlarge(path):
    with Image.open(path) as picture:
        picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
with ProcessPoolExecutor() as pool:
    list(pool.map(enlarge, [*Path("renders").glob("*/view_*.png"), *Path("squares").glob("*.jpg")], chunksize=8))
for file in Path("renders").glob("*/part.json"):
    part = json.loads(file.read_text()); scale = SIDE / part["size"]; part["size"] = SIDE
    for view in part["views"]:
        view["intrinsics"][:2] = [[value * scale for value in row] for row in view["intrinsics"][:2]]
    file.write_text(json.dumps(part))
Y
)
if wanted bench; then
    part bench 290 bash -c "in_p ${P}_d $PY $ROOT/tools/bench_train.py --steps $N --batch $B --networks $NETS"
    cp "${P}_d/data/reports/bench_train.json" "$OUT/" 2>/dev/null
fi
if wanted adapt; then
    part probe 60 bash -c "in_p ${P}_a $PY -m cad2real train probe"
    cp -r "${P}_a" "${P}_b"
    part adapt 60 bash -c "in_p ${P}_a $PY -m cad2real train adapt"
    (cd "${P}_b" && exec $PY -m cad2real train adapt) >"$OUT/kill.log" 2>&1 & VICTIM=$!
    for _ in $(seq $((600 * SLOW))); do compgen -G "${P}_b/data/cache/adapt-*/run.safetensors" >/dev/null && break; kill -0 $VICTIM 2>/dev/null || break; sleep 0.1; done
    if kill -9 $VICTIM 2>/dev/null; then wait $VICTIM 2>/dev/null; say "killed after: $(ls "${P}_b"/data/cache/adapt-*/ | tr '\n' ' ')"; else say "kill: it had ended before an epoch was kept"; fi
    part resume 60 bash -c "in_p ${P}_b $PY -m cad2real train adapt"
    say "resume said: $(grep -ao 'resumed at epoch.*' "$OUT/resume.log" | head -1)"
fi
wanted tests && part tests 150 bash -c "cd $ROOT && $PY -m pytest -q -ra -p no:cacheprovider -n ${TEST_JOBS:-6} -m cuda $(cd "$ROOT" && grep -rl 'mark.cuda' tests/train | tr '\n' ' ')"
if wanted profile; then
    for net in $NETS; do part "profile_${net%%_*}" 60 bash -c "in_p ${P}_d $PY -m tools.train_speed.step_profile --network $net --batch $B --steps 4"; done
fi
if wanted compiled; then
    for net in $NETS; do part "compiled_${net%%_*}" 110 bash -c "in_p ${P}_d $PY $ROOT/tools/bench_train.py --compiled --steps $N --batch $B --networks $net"; done
fi

$PY -W ignore - "$OUT" "$P" <<'Y' 2>&1 | tee -a "$SUM"
import json, re, sys
from pathlib import Path
out, p = Path(sys.argv[1]), sys.argv[2]
try:
    print("\n| network | loop | images/s | waits for data | GiB |")
    for net in json.loads((out / "bench_train.json").read_text())["networks"]:
        for loop in ("usual", "ours", "ours_with_frozen_blocks", "images_at_hand", "network_alone"):
            row = net[loop]
            print(f"| {net['backbone']}@{net['image_size']} {net['precision']} b{net['batch']} | {loop} | {row['images_a_second']} | {row['data_wait']:.1%} | {row['peak_memory_gib']} |")
        print({key: net[key] for key in ("times_the_usual", "share_of_images_at_hand", "share_of_network_alone", "probe")})
except Exception as error:
    print("no bench:", error)
for log in sorted(out.glob("compiled_*.log")):
    print(log.stem); print("\n".join(line for line in log.read_text().splitlines() if line.startswith(("ours", "gain"))))
for log in sorted(out.glob("profile_*.log")):
    print(log.stem); print("\n".join(line for line in log.read_text().splitlines() if "Warn" not in line)[-3000:])
try:
    from safetensors.torch import load_file
    a, b = (load_file(f"{p}_{k}/data/models/adapt/model.safetensors") for k in "ab")
    far = max(float((a[n].double() - b[n].double()).abs().max() / a[n].double().abs().max().clamp_min(1e-12)) for n in a)
    print(f"killed and resumed: bit-equal {all(bool((a[n] == b[n]).all()) for n in a)}, largest difference relative to the tensor's largest {far:.2e}")
    losses = [[c["scores"] for c in json.loads(Path(f"{p}_{k}/data/models/adapt/model.json").read_text())["candidates"]] for k in "ab"]
    print("largest difference of a score or loss of an epoch:", max(abs(x[n] - y[n]) for x, y in zip(*losses) for n in x if isinstance(x[n], float)))
except Exception as error:
    print("no comparison:", error)
tests = (out / "tests.log").read_text() if (out / "tests.log").exists() else ""
print("tests:", (re.findall(r"^.*(?:passed|failed|error|skipped).*$", tests, re.M) or ["?"])[-1])
print("\n".join(re.findall(r"^(?:FAILED|ERROR) .*$", tests, re.M)[:15]))
Y
say "done"
