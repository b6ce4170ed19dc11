/** The configuration that `bench init` writes: every key, with its default, explained. */
export const configTemplate = `# Configuration of a run: bench run --config bench.yaml
# Every key is optional; the commented-out values are the defaults. A flag of \`bench run\` wins over this file.
# Paths are relative to this file.

# What is learned: a name from \`bench list suites\`, or { name, location, options }.
suite: trace-seq

# What is compared: names from \`bench list trainers\`, files or commands of your own, or entries with options.
# \`bench show <name>\` lists the options of one.
trainers:
  - frozen
  - sequential
  - replay
  # - { name: replay, label: replay-small, options: { … } }
  # - ./my-method.mjs
  # - "command:python3 my_method.py"

# How many seeds each order has, all different; or a list, the same in every order. Orders are the clusters of the
# statistics: intervals need at least two.
seeds: 1
orders: 1

# The base model: a directory or hf://owner/name[@revision]; the suite's own without it.
# model: hf://HuggingFaceTB/SmolLM2-135M

# The columns of the leaderboard: keys from \`bench list metrics\`. What renders the run: names from \`bench list reporters\`.
# metrics: [op, bwt, forgetting, learningAccuracy, fwt, generalAbilityDelta]
# reporters: [html]

# Further plug-ins: paths, npm packages, or command:<words>.
# plugins: []

# Cells that run at a time (as many as there are cores, without it), threads inside one, the device and the engine (the
# first that opens the model, without it).
# workers: 2
# threads: 1
# device: cpu
# engine: onnx

# The type of the weights (float32 or bfloat16), and the Python of an engine in Python; see bench list engines.
# dtype: float32
# python: ./venv/bin/python

# A smaller, honest configuration for smoke tests.
# quick: false

# Test rows in the training data, repeated rows, contradictions and the like are errors, not notices.
# strict: false

# Run directory; without it runs/<suite>-<digest>, the same for the same run, so that it is resumed.
# out: runs/mine

# Which checkpoints stay: last, all or none.
# keepCheckpoints: last

# Go on from a finished cell, or from its checkpoint after a task: what it learned, then the suite's other tasks. Trainer
# and seed are the cell's own where they are left out above.
# fromCheckpoint: runs/trace-seq-1a2b3c4d/0123456789abcdef:stance

# Measure within tasks too, every so many steps, on at most so many test items of each task learned so far: for the
# stability gap. Takes time, changes no result.
# evaluateEvery: 20
# evaluateItems: 40

# What raises an alert after a task, as a share of what it is compared with: a task's score just after it was learned, a
# probe's before training, the budget's share so far. A budget holds for one cell. failOn ends the cell at that task.
# alerts: false                      # none at all
# alerts:
#   task: { warning: 0.1, critical: 0.15 }
#   ability: { warning: 0.1, critical: 0.15 }
#   safety: { warning: null, critical: 0 }
#   cost: { warning: 0.1, critical: 0.15 }
#   noise: 0.05   # a fall must be rarer by chance than this (paired test over items); null: thresholds alone
#   budget: {}    # such as { seconds: 600, trainedTokens: 2e6, generatedTokens: 1e6, flops: 1e15 }
#   failOn: never # or warning, critical
#   webhook: { url: "env:ALERTS_URL", secretVariable: BENCH_WEBHOOK_SECRET, timeoutSeconds: 10, retries: 4 }

# What \`bench gate\` judges by: how much worse than the blessed baseline is accepted, in each metric's unit.
# gate: { baseline: main, margins: { op: 0.02, bwt: 0.03 }, maxOrders: 10 }

# The training profile, for all trainers that take one; a trainer's own entry may hold the same keys.
# learning_rate: { initial: 1e-5, decay_factor: 0.8, warmup_steps: 100 }
# regularization: { ewc_lambda: 0.01, elastic_beta: 0.1 }
# data_mixing: { new_ratio: 0.2, buffer_size: 1000 }
`;
