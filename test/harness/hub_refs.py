"""Reads, adds and removes branches and tags of a repository with the Hub's own client, and prints what it saw as JSON."""

import json
import sys

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

name, commit = sys.argv[1:]
hub = HfApi()
refs = hub.list_repo_refs(name)
seen = {ref.name: [ref.ref, ref.target_commit] for ref in [*refs.branches, *refs.tags]}
hub.create_tag(name, tag="client/1", revision=commit)
hub.create_tag(name, tag="client/1", revision=commit, exist_ok=True)
try:
    hub.create_tag(name, tag="client/1", revision=commit)
    again = None
except HfHubHTTPError as error:
    again = error.response.status_code
hub.create_branch(name, branch="client/champion", revision=commit)
sha = hub.model_info(name, revision="support/champion").sha
print(json.dumps({"seen": seen, "again": again, "sha": sha}))
