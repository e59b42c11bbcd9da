#!/usr/bin/env python3
"""Records a network file that `thalweg network`, `bounds` and `tune` read. Python 3 and NumPy only.

    python3 contrib/record_network.py network.npz

The layout is that of data/README.md. All that is asked of a model is one function, `gradients(theta)`, which gives the gradient
of every sample's loss (weight decay included) as an array of shape (N, P): with PyTorch `torch.func.vmap(torch.func.grad(loss))`,
with JAX `jax.vmap(jax.grad(loss))`. Curvatures are differences of it. Below it is written out for a tiny network; put your own in
the place of `TinyNetwork` and hand it to `record`. theta must be a minimum: gradient zero, every eigenvalue of the Hessian positive.
"""

import sys

import numpy as np

STEP = 1e-5  # of central differences; the error is of the order of its square


class TinyNetwork:
    """Squared error of W2' tanh(W1' x + b1) + b2 on noisy labels, with weight decay."""

    def __init__(self, inputs=4, hidden=3, outputs=2, samples=60, weight_decay=1e-2, seed=0):
        rng = np.random.default_rng(seed)
        self.shapes = [(inputs, hidden), (hidden,), (hidden, outputs), (outputs,)]
        self.x = rng.standard_normal((samples, inputs))
        self.targets = np.tanh(self.x @ rng.standard_normal((inputs, outputs))) + 0.5 * rng.standard_normal((samples, outputs))
        self.weight_decay = weight_decay
        self.start = 0.5 * rng.standard_normal(sum(int(np.prod(s)) for s in self.shapes))

    def parts(self, theta):
        ends = np.cumsum([int(np.prod(s)) for s in self.shapes])[:-1]
        return [part.reshape(s) for part, s in zip(np.split(theta, ends), self.shapes)]

    def loss(self, theta):
        w1, b1, w2, b2 = self.parts(theta)
        error = np.tanh(self.x @ w1 + b1) @ w2 + b2 - self.targets
        return 0.5 * (error**2).sum(1).mean() + 0.5 * self.weight_decay * theta @ theta

    def gradients(self, theta, chosen=slice(None)):
        w1, b1, w2, b2 = self.parts(theta)
        x = self.x[chosen]
        active = np.tanh(x @ w1 + b1)
        error = active @ w2 + b2 - self.targets[chosen]
        inner = (error @ w2.T) * (1 - active**2)
        pieces = [np.einsum("ni,nh->nih", x, inner), inner, np.einsum("nh,no->nho", active, error), error]
        return np.concatenate([p.reshape(len(x), -1) for p in pieces], 1) + self.weight_decay * theta


def hessian(gradients, theta):
    """The mean Hessian, column by column."""
    columns = []
    for i in range(theta.size):
        e = np.zeros_like(theta)
        e[i] = STEP
        columns.append((gradients(theta + e).mean(0) - gradients(theta - e).mean(0)) / (2 * STEP))
    h = np.array(columns)
    return 0.5 * (h + h.T)


def minimum(gradients, theta, rounds=5000, rate=0.1):
    """Descent, then Newton's method with the eigenvalues made positive until they are."""
    for _ in range(rounds):
        theta = theta - rate * gradients(theta).mean(0)
    for _ in range(100):
        g = gradients(theta).mean(0)
        if np.linalg.norm(g) < 1e-11:
            break
        values, vectors = np.linalg.eigh(hessian(gradients, theta))
        step = vectors @ ((vectors.T @ g) / np.maximum(np.abs(values), 1e-3))
        theta = theta - step
    return theta


def record(gradients, theta, keep=5, runs=((0.05, 10), (0.2, 10), (0.5, 20)), steps=9000, burn_in=1500, seed=1):
    """All arrays of the file: what theory needs at `theta`, and what SGD with replacement does there."""
    samples = gradients(theta)
    count = len(samples)
    values, vectors = np.linalg.eigh(hessian(gradients, theta))
    values, vectors = values[::-1], vectors[:, ::-1]
    if not values[-1] > 0:
        raise SystemExit("theta is no strict minimum: the least eigenvalue of the Hessian is %g" % values[-1])
    top = vectors[:, :keep]
    projected = (samples - samples.mean(0)) @ top
    second = np.empty((count, keep, keep))
    for k in range(keep):
        e = STEP * top[:, k]
        second[:, k, :] = (gradients(theta + e) - gradients(theta - e)) @ top / (2 * STEP)
    second = 0.5 * (second + second.transpose(0, 2, 1))
    rng = np.random.default_rng(seed)
    table = {name: [] for name in ("learning_rate", "batch_size", "sampling", "variance", "variance_stderr", "steps", "burn_in", "diverged")}
    for share, batch in runs:
        rate = share * 2 / values[0]
        place, seen = theta.copy(), []
        for step in range(burn_in + steps):
            place = place - rate * gradients(place, rng.integers(0, count, batch)).mean(0)
            if step >= burn_in and step % 3 == 0:
                seen.append((place - theta) @ top)
        seen = np.array(seen)
        around = (seen - seen.mean(0)) ** 2
        blocks = np.array([block.mean(0) for block in np.array_split(around, 30)])
        row = (rate, batch, 0, around.mean(0), blocks.std(0, ddof=1) / np.sqrt(30), steps, burn_in, not np.isfinite(seen).all())
        for name, value in zip(table, row):
            table[name].append(value)
    arrays = {"run_" + name: np.array(column, dtype=float) for name, column in table.items()}
    arrays["run_sampling"] = arrays["run_sampling"].astype(np.int64)
    arrays["run_diverged"] = arrays["run_diverged"].astype(np.uint8)
    arrays.update(
        hessian_eigenvalues=values,
        hessian_trace=np.array([values.sum()]),
        hessian_min_eigenvalue=values[-1:],
        gradient_norm=np.array([np.linalg.norm(samples.mean(0))]),
        noise_covariance=projected.T @ projected / count,
        sample_gradients=samples @ top,
        sample_hessians=second,
        theta_min=theta,
        sample_count=np.array([count]),
        parameter_count=np.array([theta.size]),
    )
    return arrays


def mean_square_bound(arrays, batch):
    """2/lambda_max(A^-1 M) on all matrices, A = (H x I + I x H)/2: an independent word for word reading of the formula."""
    h = arrays["sample_hessians"]
    k, mean = h.shape[1], h.mean(0)
    eye = np.eye(k)
    a = 0.5 * (np.kron(mean, eye) + np.kron(eye, mean))
    m = (1 - 1 / batch) * np.kron(mean, mean) + sum(np.kron(one, one) for one in h) / len(h) / batch
    return 2 / np.linalg.eigvals(np.linalg.solve(a, m)).real.max()


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    network = TinyNetwork()
    theta = minimum(network.gradients, network.start)
    arrays = record(network.gradients, theta)
    arrays["floor_loss"] = np.array([network.loss(theta)])
    arrays["weight_decay"] = np.array([network.weight_decay])
    np.savez(sys.argv[1], **arrays)
    for batch in (1, 10):
        print("mean-square bound at batch %d: %.12g" % (batch, mean_square_bound(arrays, batch)))


if __name__ == "__main__":
    main()
