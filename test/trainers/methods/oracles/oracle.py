"""Numbers of one step of each method in float64, from its paper alone: PyTorch's SVD and autograd, none of our code.

    python oracle.py > oracle.json
"""

import json

import torch
from seekr import seekr

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)


def rounded(tensor):
    """Inputs are float32, which both sides hold exactly."""
    return tensor.to(torch.float32).to(torch.float64)


def ties(vectors, density):
    """2306.01708, algorithm 1, with lambda 1."""
    kept = round(density * vectors.shape[1])
    least = vectors.abs().kthvalue(vectors.shape[1] - kept + 1, dim=1, keepdim=True).values
    trimmed = torch.where(vectors.abs() >= least, vectors, torch.zeros_like(vectors))
    sign = torch.sign(trimmed.sum(0))
    sign[sign == 0] = torch.sign(sign.sum())
    agrees = (torch.sign(trimmed) == sign) & (trimmed != 0)
    return (trimmed * agrees).sum(0) / agrees.sum(0).clamp(min=1)


def magmax(vectors):
    """2407.06322, eq. 3."""
    return vectors.gather(0, vectors.abs().argmax(0, keepdim=True))[0]


def divergences(student, teacher):
    """KL in both directions a row, and the gradient of the rows' mean with respect to the student's logits."""
    found = {}
    for name in ["forward", "reverse"]:
        own = student.clone().requires_grad_()
        p, q = torch.log_softmax(teacher, -1), torch.log_softmax(own, -1)
        rows = (p.exp() * (p - q)).sum(-1) if name == "forward" else (q.exp() * (q - p)).sum(-1)
        rows.mean().backward()
        found[name] = {"rows": rows.detach().tolist(), "gradient": own.grad.tolist()}
    return found


def sparsity(a, b):
    """2410.10179: the L1 norm of B·A, and its gradients."""
    a, b = a.clone().requires_grad_(), b.clone().requires_grad_()
    value = (b @ a).abs().sum()
    value.backward()
    return {"value": value.item(), "a": a.grad.tolist(), "b": b.grad.tolist()}


def osf(weight, gradient, count):
    """2504.07097, eq. 4 to 6, for the whole matrix: what is left of a gradient outside the leading directions."""
    u, s, vt = torch.linalg.svd(weight, full_matrices=False)
    left = torch.eye(len(weight)) - u[:, :count] @ u[:, :count].T
    right = torch.eye(weight.shape[1]) - vt[:count].T @ vt[:count]
    return {"values": s.tolist(), "projected": (left @ gradient @ right).tolist()}


def inflora(tasks, share, rank):
    """
    2404.00228, section 3.3, and DualGPM with a basis of the complement of the kept space: for each task, whose inputs are
    columns, the projector on the rows of its adapter and, after it, that on the kept space.
    """
    width = tasks[0].shape[0]
    outside, found = torch.eye(width), []
    for inputs in tasks:
        left = outside @ outside.T @ inputs
        u, s, _ = torch.linalg.svd(left, full_matrices=False)
        own = u[:, :rank][:, s[:rank] > 1e-6]
        kept, count = (inputs**2).sum() - (s**2).sum(), 0
        while kept < share * (inputs**2).sum():
            kept, count = kept + s[count] ** 2, count + 1
        z = u[:, :count]
        basis, sizes, _ = torch.linalg.svd(outside - z @ (z.T @ outside), full_matrices=False)
        outside = basis[:, sizes > 0.5]
        found.append({"rows": (own @ own.T).tolist(), "kept": (torch.eye(width) - outside @ outside.T).tolist()})
    return found


vectors = rounded(torch.randn(3, 16))
student, teacher = rounded(torch.randn(4, 6)), rounded(torch.randn(4, 6))
a, b = rounded(torch.randn(2, 5)), rounded(torch.randn(4, 2))
matrices = [(rounded(torch.randn(*shape)), rounded(torch.randn(*shape))) for shape in [(6, 4), (4, 6), (5, 5)]]
stretch = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.5, 0.25])
inputs = [rounded(torch.randn(6, 9) * stretch.roll(2 * i)[:, None]) for i in range(3)]
print(
    json.dumps(
        {
            "vectors": vectors.tolist(),
            "ties": {f"{density}": ties(vectors, density).tolist() for density in [0.25, 0.5, 1.0]},
            "magmax": magmax(vectors).tolist(),
            "student": student.tolist(),
            "teacher": teacher.tolist(),
            **divergences(student, teacher),
            "sparsity": {"a": a.tolist(), "b": b.tolist(), "expected": sparsity(a, b)},
            "osf": [
                {"weight": w.tolist(), "gradient": g.tolist(), "count": 2, "expected": osf(w, g, 2)} for w, g in matrices
            ],
            "inflora": {"share": 0.8, "rank": 2, "inputs": [x.tolist() for x in inputs], "expected": inflora(inputs, 0.8, 2)},
            "seekr": seekr(),
        }
    )
)
