"""Prints the Parquet files of a directory as JSON, each column a list: python parquet_tables.py DIRECTORY."""

import json
import pathlib
import sys

import pyarrow.parquet

tables = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.parquet")):
    table = pyarrow.parquet.read_table(path)
    tables[path.stem] = {"types": {field.name: str(field.type) for field in table.schema}, "rows": table.to_pylist()}
print(json.dumps(tables))
