"""Reference values of tests/analysis, computed with scikit-learn 1.2.1 (Debian: apt-get install python3-sklearn).

usage: /usr/bin/python3 make_golden.py FEATURES.npy OUTCOMES.csv OUT.json

OUTCOMES.csv: label, prediction; line i + 1 of the file is row i of the features. For every label group and prediction
group: mutual information of each feature (random_state=0), the 50 best, and entropy trees of depth 1 and 3 with Barlow's class
weights, with ER, EC and IV of every leaf, ALER, precision and recall.
"""
import csv, json, sys
import numpy as np
import sklearn
from sklearn.feature_selection import mutual_info_classif
from sklearn.tree import DecisionTreeClassifier

features_npy, outcomes_csv, out = sys.argv[1:4]
X = np.load(features_npy)
rows = list(csv.DictReader(open(outcomes_csv)))
label = np.array([r['label'] for r in rows])
pred = np.array([r['prediction'] for r in rows])
failed = label != pred


def tree(x, y, depth, selected):
    weight = (~y).sum() / y.sum()
    model = DecisionTreeClassifier(max_depth=depth, criterion='entropy', class_weight={0: 1, 1: weight}, random_state=0).fit(x, y)
    leaf_of, T, failures = model.apply(x), model.tree_, int(y.sum())
    nodes = [dict(id=i, feature=int(selected[T.feature[i]]) if T.children_left[i] >= 0 else None,
                  threshold=float(T.threshold[i]) if T.children_left[i] >= 0 else None,
                  left=int(T.children_left[i]), right=int(T.children_right[i])) for i in range(T.node_count)]
    leaves = []
    for i in np.unique(leaf_of):
        n, f = int((leaf_of == i).sum()), int(y[leaf_of == i].sum())
        leaves.append(dict(node=int(i), size=n, failures=f, errorRate=f / n, errorCoverage=f / failures, importanceValue=f / n * f / failures))
    leaves.sort(key=lambda l: -l['importanceValue'])
    flagged = [l for l in leaves if l['failures'] * weight > l['size'] - l['failures']]
    return dict(depth=depth, nodes=nodes, leaves=leaves, aler=sum(l['importanceValue'] for l in leaves),
                precision=sum(l['failures'] for l in flagged) / max(1, sum(l['size'] for l in flagged)),
                recall=sum(l['failures'] for l in flagged) / failures)


groups = []
for grouping, value_of in (('label', label), ('prediction', pred)):
    for c in sorted(set(label)):
        at = np.where(value_of == c)[0]
        x, y = X[at], failed[at]
        if not y.any() or y.all():
            continue
        mi = mutual_info_classif(x, y, random_state=0)
        selected = np.argsort(mi)[-50:][::-1]
        groups.append(dict(id='%s:%s' % (grouping, c), size=len(at), failures=int(y.sum()), baseErrorRate=float(y.mean()),
                           mutualInformation=mi.tolist(), selected=selected.tolist(),
                           trees=[tree(x[:, selected], y, d, selected) for d in (1, 3)]))
json.dump(dict(scikitLearn=sklearn.__version__, groups=groups), open(out, 'w'))
