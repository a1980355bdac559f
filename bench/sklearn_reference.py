"""Times scikit-learn on one group: mutual_info_classif, the 50 best features, DecisionTreeClassifier.

usage: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 /usr/bin/python3 sklearn_reference.py FEATURES.npy FAILED.npy
Prints JSON: seconds of CPU, the mutual information, the 50 best, ALER of the tree of depth 3.
"""
import json, sys, time
import numpy as np
from sklearn.feature_selection import mutual_info_classif
from sklearn.tree import DecisionTreeClassifier

x, y = np.load(sys.argv[1]), np.load(sys.argv[2])[:, 0] > 0
mutual_info_classif(x[:50, :4], y[:50], random_state=0)  # first-use costs are not timed
started = time.thread_time()
information = mutual_info_classif(x, y, random_state=0)
selected = np.argsort(information)[-50:][::-1]
weight = (~y).sum() / y.sum()
tree = DecisionTreeClassifier(max_depth=3, criterion='entropy', class_weight={0: 1, 1: weight}, random_state=0).fit(x[:, selected], y)
seconds = time.thread_time() - started
leaf_of = tree.apply(x[:, selected])
aler = sum(y[leaf_of == leaf].mean() * y[leaf_of == leaf].sum() / y.sum() for leaf in np.unique(leaf_of))
json.dump(dict(seconds=seconds, information=information.tolist(), selected=selected.tolist(), aler=float(aler)), sys.stdout)
