"""Writes test/fixtures/parquet: small files as pyarrow, pandas and the `datasets` library write them.

    python test/oracle/write_parquet.py

Needs pyarrow, pandas and datasets.
"""

import pathlib

import datasets
import pandas
import pyarrow
import pyarrow.parquet

target = pathlib.Path(__file__).parents[1] / "fixtures" / "parquet"
rows = [{"prompt": f"Frage {i}: schön, 中文 🙂?", "answer": "yes\nno" if i == 3 else f"answer {i}"} for i in range(7)]
table = pyarrow.Table.from_pylist(rows)
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pyarrow.parquet.write_table(table, target / f"{codec}.parquet", compression=codec, row_group_size=3)
pyarrow.parquet.write_table(table, target / "v2-plain.parquet", data_page_version="2.0", use_dictionary=False)

labels = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["world", "sports"])})
texts = {"text": [f"text {i}" for i in range(6)], "label": [i % 2 for i in range(6)]}
datasets.Dataset.from_dict(texts, features=labels).to_parquet(target / "class-labels.parquet")

chat = [
    {"messages": [{"role": "user", "content": f"{i} + 1?"}, {"role": "assistant", "content": str(i + 1)}]}
    for i in range(4)
]
datasets.Dataset.from_list(chat).to_parquet(target / "messages.parquet")

squad = [{"id": str(i), "question": f"q {i}", "context": f"c {i}", "answers": {"text": [f"a {i}", f"A {i}"]}} for i in range(4)]
datasets.Dataset.from_list(squad).to_parquet(target / "squad.parquet")

frame = pandas.DataFrame({"question": ["1", "2", "3"], "answer": [9007199254740993, 2, -3]})
frame.to_parquet(target / "large-integers.parquet")
pandas.DataFrame({"question": ["1", "2"], "answer": ["a", None]}).to_parquet(target / "null.parquet")
numbers = pyarrow.table({"question": ["1", "2"], "answer": [0.5, float("nan")]})
pyarrow.parquet.write_table(numbers, target / "nan.parquet")
pandas.DataFrame({"question": ["1", "2"], "answer": [True, False]}).to_parquet(target / "boolean.parquet")
