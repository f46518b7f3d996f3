"""Fine-tune small networks on microcontrollers, and rehearse it bit for bit from Python.

- `import_model` reads a model of ONNX, TFLite or PyTorch; `inspect` tells what training it takes.
- `Model.build` compiles it, by the cargo of rustup, and `Network` computes what a device computes:
  `outputs`, `loss_and_gradient`, `rehearse`, and `fine_tune`, which nobody has to tune.
- `Ball`, `Sgd`, `Adam`, `Sam`, `EntropySgd`, `Dog`, `Prodigy`, `ZerothOrderBall` are the optimizers
  by ask and tell, over your own arrays.
- `rolling_ball.torch` trains any module of torch with them, and makes a firmware of it.

`python -m rolling_ball --help` is the command `rolling-ball`.
"""

from ._native import (
    Accuracy,
    Adam,
    Ball,
    BuildError,
    Dog,
    EntropySgd,
    FineTuned,
    Model,
    Network,
    Optimizer,
    Prodigy,
    Rehearsed,
    Report,
    Sam,
    Schedule,
    Sgd,
    Step,
    Trained,
    ZerothOrderBall,
    __version__,
    hash,
    import_model,
    inspect,
)

__all__ = [
    "Accuracy",
    "Adam",
    "Ball",
    "BuildError",
    "Dog",
    "EntropySgd",
    "FineTuned",
    "Model",
    "Network",
    "Optimizer",
    "Prodigy",
    "Rehearsed",
    "Report",
    "Sam",
    "Schedule",
    "Sgd",
    "Step",
    "Trained",
    "ZerothOrderBall",
    "__version__",
    "hash",
    "import_model",
    "inspect",
]
