"""A whole process: PyTorch trains so many networks for 30 epochs on the digits, and scores them."""

import sys

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

data, labels = load_digits(return_X_y=True)
parts = train_test_split(data / 16, labels, test_size=0.2, stratify=labels, random_state=0)
x, x_test, y, y_test = (torch.from_numpy(part) for part in parts)
x, x_test = x.float(), x_test.float()
loss_of = torch.nn.CrossEntropyLoss()
accuracies = []
for seed in range(int(sys.argv[1])):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for _ in range(30):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss_of(model(x[rows]), y[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        accuracies.append(float((model(x_test).argmax(1) == y_test).float().mean()))
print(min(accuracies), max(accuracies))
