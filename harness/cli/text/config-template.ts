/**
 * The configuration that `bench init` writes: every key, explained. What is commented out is the default, or an example
 * where the line says `such as`. What is not runs as it is, and `bench gate` judges it as it is.
 */
export const configTemplate = `# Configuration of a run: bench run --config bench.yaml
# Every key is optional, and a flag of \`bench run\` overrides it. A commented-out key has its default, or an example where
# its line says "such as". Paths are relative to this file.

# What is learned: a name from \`bench list suites\`, or { name, location, options }.
suite: trace-seq

# What is compared: names from \`bench list trainers\`, files or commands of your own, or entries with options. Without this
# key: those that \`bench run\` compares by default. \`bench show <name>\` lists the options of one.
trainers:
  - frozen
  - sequential
  - replay
  # - { name: replay, label: replay-small, options: { share: 0.05 } }
  # - ./my-method.mjs
  # - "command:python3 my_method.py"

# How many seeds each order has, all different; or a list, the same in every order. Orders are the clusters of the
# statistics: intervals need at least two, and a gate at least three.
# seeds: 1
# orders: 1

# What \`bench gate\` judges by: which trainer, and how much worse than the blessed baseline is accepted, in each metric's
# unit (0.03 is 3 points of 100). maxOrders: most orders that anyone will look at.
gate:
  baseline: main
  trainer: replay
  margins: { op: 0.03, bwt: 0.1 }
  maxOrders: 10

# The base model, a directory or hf://owner/name[@revision]; without this key the suite's own. auto: prompts go through
# its chat template, where it has one.
# model: ./my-model # such as
# chat: auto

# The columns of the leaderboard: keys from \`bench list metrics\`. What renders the run: names from \`bench list reporters\`.
# metrics: [op, bwt, generalAbilityDelta] # such as
# reporters: [html, markdown] # such as

# Further plug-ins: paths, npm packages, or command:<words>.
# plugins: []

# Cells that run at a time (without this key as many as there are cores), threads inside one, device, and engine (without
# this key the first that opens the model).
# workers: 2 # such as
# threads: 1
# device: cpu
# devicesPerCell: 1
# engine: onnx # such as

# The type of the weights (float32 or bfloat16), and the Python of an engine in Python; see \`bench list engines\`.
# dtype: float32
# python: ./venv/bin/python # such as
# Megabytes of image features that are kept while the vision tower is frozen; 0 computes them anew each time, to the same bits.
# imageFeatures: 128

# A smaller configuration, for smoke tests.
# quick: false

# Test rows in the training data, repeated rows, contradictions and the like are errors, not notices.
# strict: false

# Whether plug-ins are kept from the files of the run and of its suite: auto (where this machine can), require or never.
# isolate: auto

# Where the cells are carried out: local, or an engine from \`bench list launchers\` or its address. The store is what all
# machines see, a directory or s3://bucket/prefix (without this key a directory in the run's); command starts bench there. cpus, gpus and memory (GB) are those of a cell;
# timeout is in seconds; retries follow the death of a worker or a machine. options are the engine's: \`bench show <launcher>\`.
# on: local
# remote: { store: /shared/bench, command: [bench], cpus: 1, gpus: 0, memory: 4, timeout: 3600, retries: 2, options: {} } # such as

# What an hour of a device costs: --dry-run then says what the run does.
# price: { perHour: 2.5, currency: USD } # such as

# Run directory; without this key runs/<suite>-<digest>, the same for the same run, so that it is resumed.
# out: runs/mine # such as

# Which checkpoints stay: last, all or none.
# keepCheckpoints: last

# Go on from a finished cell, or from its checkpoint after a task: what it learned, then the suite's other tasks. Trainer
# and seed are the cell's own where they are left out above.
# fromCheckpoint: runs/trace-seq-1a2b3c4d/0123456789abcdef:stance # such as

# Measure within tasks too, every so many steps, on at most so many test items (40 without this key) of each task learned
# so far: for the stability gap. Takes time, changes no result.
# evaluateEvery: 20 # such as
# evaluateItems: 40 # such as

# What raises an alert after a task, as a share of what it is compared with: a task's score just after it was learned, a
# probe's before training, the budget's share so far. A fall must be rarer by chance than \`noise\` (paired test over items,
# or null: the thresholds alone decide). A budget holds for one cell. failOn ends the cell at that task. \`alerts: false\`
# raises none at all.
# alerts:
#   task: { warning: 0.1, critical: 0.15 }
#   ability: { warning: 0.1, critical: 0.15 }
#   safety: { warning: null, critical: 0 }
#   cost: { warning: 0.1, critical: 0.15 }
#   noise: 0.05
#   budget: {} # or { seconds: 600, trainedTokens: 2e6, generatedTokens: 1e6, flops: 1e15 }
#   failOn: never # or warning, critical
#   webhook: { url: "env:ALERTS_URL", secretVariable: BENCH_WEBHOOK_SECRET } # such as

# The training profile, for all trainers that take one, spelled as profiles are published; a trainer's own entry may
# contain the same keys. Without these keys the trainers' own options apply.
# learning_rate: { initial: 1e-5, decay_factor: 0.8, warmup_steps: 100 } # such as
# regularization: { ewc_lambda: 0.01, elastic_beta: 0.1 } # such as
# data_mixing: { new_ratio: 0.2, buffer_size: 1000 } # such as
`;
