"""A whole process: scikit-learn fits so many networks for 30 epochs on the digits, and scores them."""

import sys
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore", ConvergenceWarning)
x, y = load_digits(return_X_y=True)
x, x_test, y, y_test = train_test_split(x / 16, y, test_size=0.2, stratify=y, random_state=0)
accuracies = []
for seed in range(int(sys.argv[1])):
    model = MLPClassifier(
        (64, 64),
        solver="sgd",
        alpha=0.0,
        batch_size=32,
        learning_rate_init=0.01,
        momentum=0.9,
        nesterovs_momentum=False,
        max_iter=30,
        n_iter_no_change=30,
        random_state=seed,
    )
    accuracies.append(model.fit(x, y).score(x_test, y_test))
print(min(accuracies), max(accuracies))
