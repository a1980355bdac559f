"""Runs one peer with some settings on groups of images; bench/peers/run.ts writes what it reads and judges what it writes.

usage: python peers.py domino|planespot|sliceline FEATURES.npy TRIALS.json SETTINGS OUT.jsonl
FEATURES holds images x features, of the network first, then of the pixels. TRIALS says how many features are the network's, and of each
trial the group's rows and which of them newly failed. SETTINGS is a JSON list. OUT gets a line a setting and trial that it does not have yet: the first
three slices as positions in the group, the score of each (the peer's own, by which it ranks them), and seconds of CPU.
"""
import importlib.metadata, json, sys, time
import numpy as np


def embedding(features, model, setting):
    """The network's features as they are; with properties of the pixels, all columns standardised, since their units differ."""
    if not setting["properties"]:
        return features[:, :model]
    spread = features.std(axis=0)
    return (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)


def domino(features, model, failed, setting):
    """Target: nothing fails. Prediction: newly failed or not. So the slices that its mixture ranks first are those that newly fail most."""
    from domino import DominoSlicer

    x = embedding(features, model, setting).astype(np.float64)
    target, prediction = np.zeros(len(failed), dtype=int), failed.astype(float)
    slicer = DominoSlicer(
        n_slices=5,
        n_pca_components=setting["pca"],
        n_mixture_components=setting["components"],
        y_log_likelihood_weight=setting["gamma"],
        y_hat_log_likelihood_weight=setting["gamma"],
        random_state=0,
    )
    slicer.fit(embeddings=x, targets=target, pred_probs=prediction)
    if setting["members"] == "embedding":
        target, prediction = None, None
    member = slicer.predict_proba(embeddings=x, targets=target, pred_probs=prediction) >= 0.5
    rate = np.abs((slicer.mm.y_hat_probs - slicer.mm.y_probs).max(axis=1))[slicer.slice_cluster_indices]
    return [(np.flatnonzero(member[:, at]), rate[at]) for at in range(member.shape[1])], 0.0


def planespot(features, model, failed, setting):
    """Plumb et al. 2023: a plane of the features scaled to 0..1, the confidence beside it, a Gaussian mixture whose size BIC chooses."""
    from sklearn.mixture import GaussianMixture

    started = time.process_time()
    plane, seconds = plane_of(embedding(features, model, setting), setting["plane"])
    saved = max(0.0, seconds - (time.process_time() - started))
    plane = (plane - plane.min(axis=0)) / np.ptp(plane, axis=0)
    x = np.column_stack([plane, setting["weight"] * (1.0 - failed)])
    mixtures = [GaussianMixture(n, covariance_type="full", random_state=0).fit(x) for n in range(10, 31, 4)]
    cluster = min(mixtures, key=lambda mixture: mixture.bic(x)).predict(x)
    slices = [np.flatnonzero(cluster == each) for each in np.unique(cluster)]
    return sorted(((rows, failed[rows].sum() * failed[rows].mean()) for rows in slices), key=lambda each: -each[1]), saved


def sliceline(features, model, failed, setting):
    """Attributes: features cut at their quantiles. As many as the library can tell apart, those that tell most of failing."""
    from sklearn.metrics import mutual_info_score
    from sliceline.slicefinder import Slicefinder

    columns = features if setting["properties"] else features[:, :model]
    cuts = np.quantile(columns, np.arange(1, setting["bins"]) / setting["bins"], axis=0)
    binned = np.column_stack([np.searchsorted(cuts[:, at], columns[:, at]) for at in range(columns.shape[1])])
    told = [mutual_info_score(binned[:, at], failed) for at in range(binned.shape[1])]
    binned = binned[:, np.sort(np.argsort(told, kind="stable")[-setting["attributes"]:])]
    finder = Slicefinder(alpha=setting["alpha"], k=3, max_l=setting["levels"], min_sup=setting["support"], verbose=False)
    finder.fit(binned, failed.astype(float))
    if len(finder.top_slices_) == 0:
        return [], 0.0
    member = finder.transform(binned)
    return [(np.flatnonzero(member[:, at]), each["slice_score"]) for at, each in enumerate(finder.top_slices_statistics_)], 0.0


PLANES = {}


def plane_of(x, how):
    """Does not depend on who failed: made once a group. Returns it with the seconds of CPU that it took."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    key = (x.tobytes(), how)
    if key not in PLANES:
        started = time.process_time()
        by = PCA(n_components=2, random_state=0) if how == "pca" else TSNE(n_components=2, init="pca", random_state=0)
        PLANES[key] = (by.fit_transform(x).astype(np.float64), time.process_time() - started)
    return PLANES[key]


PEERS = {"domino": (domino, "domino"), "planespot": (planespot, "scikit-learn"), "sliceline": (sliceline, "sliceline")}


def main():
    peer, features_file, trials_file, settings, out = sys.argv[1:]
    run, package = PEERS[peer]
    print(f"{package} {importlib.metadata.version(package)}, Python {sys.version.split()[0]}", flush=True)
    features, settings = np.load(features_file), json.loads(settings)
    with open(trials_file) as file:
        given = json.load(file)
    with open(out, "a+") as file:
        file.seek(0)
        done = {(json.dumps(told["setting"]), told["id"]) for told in map(json.loads, file)}
        todo = [(trial, setting) for trial in given["trials"] for setting in settings if (json.dumps(setting), trial["id"]) not in done]
        for at, (trial, setting) in enumerate(todo):
            rows, failed = np.array(trial["rows"]), np.array(trial["failed"])
            if at == 0:
                run(features[rows], given["model"], failed, setting)  # importing and first use are not timed
                PLANES.clear()
            started = time.process_time()
            slices, saved = run(features[rows], given["model"], failed, setting)
            told = {
                "id": trial["id"],
                "setting": setting,
                "slices": [inside.tolist() for inside, _ in slices[:3]],
                "scores": [float(score) for _, score in slices[:3]],
                "alarm": len(slices) > 0,
                "seconds": time.process_time() - started + saved,
            }
            file.write(json.dumps(told) + "\n")
            file.flush()


main()
