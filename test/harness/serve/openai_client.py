"""Asks a server with OpenAI's own client, in all the ways that it answers, and prints what came back as JSON."""

import json
import sys

import openai

root, key = sys.argv[1:]
client = openai.OpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0)
question = "Question: What is the capital of France?\nAnswer:"
chat = {"model": "support", "messages": [{"role": "user", "content": question}], "temperature": 0, "max_tokens": 12}
wild = {**chat, "messages": [{"role": "user", "content": "Explain"}], "temperature": 2, "max_tokens": 40, "seed": 3}


def error_of(work):
    try:
        work()
        return None
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.param]


whole = client.chat.completions.create(**wild)
parts, usage = [], None
for chunk in client.chat.completions.create(**wild, stream=True, stream_options={"include_usage": True}):
    usage = chunk.usage or usage
    parts += [choice.delta.content for choice in chunk.choices if choice.delta.content]
completed = client.completions.create(model="support", prompt=question, temperature=0, max_tokens=12, stream=True)
raw = client.chat.completions.with_raw_response.create(**chat)
print(
    json.dumps(
        {
            "models": [model.id for model in client.models.list()],
            "chat": raw.parse().choices[0].message.content,
            "ids": [raw.parse().id, raw.headers["x-request-id"]],
            "whole": whole.choices[0].message.content,
            "wholeUsage": whole.usage.to_dict(),
            "parts": parts,
            "usage": usage.to_dict(),
            "completion": "".join(chunk.choices[0].text for chunk in completed),
            "vectors": [
                len(row.embedding) for row in client.embeddings.create(model="support", input=["a river", "a lake"]).data
            ],
            "errors": [
                error_of(lambda: client.with_options(api_key="wrong").models.list()),
                error_of(lambda: client.chat.completions.create(**{**chat, "model": "other"})),
                error_of(lambda: client.chat.completions.create(**chat, tools=[])),
            ],
        }
    )
)
