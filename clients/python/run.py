"""Runs Python clients, unchanged, against the server at GIGAROUTER_URL.

Prints one JSON object a line: client, version, operation, result, detail. Started by `npm run test:clients`.
"""

import asyncio
import base64
import importlib.metadata
import json
import os
import sys
import tempfile
from enum import Enum
from typing import Literal

URL = os.environ["GIGAROUTER_URL"]
KEY = os.environ["GIGAROUTER_KEY"]
IMAGE = os.environ["GIGAROUTER_IMAGE"]
MODEL = "gigarouter/demo-shapes"
LABELS = ["red circle", "green heart", "blue square"]

with open(IMAGE, "rb") as file:
    PICTURE = file.read()
DATA_URL = "data:image/png;base64," + base64.b64encode(PICTURE).decode()

CHECKS = []


def check(package, operation):
    """Registers a check of a package: it passes unless it raises."""

    def register(function):
        CHECKS.append((package, operation, function))
        return function

    return register


def question(text="Which of these is it: red circle, green heart or blue square?"):
    return [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": text},
                {"type": "image_url", "image_url": {"url": DATA_URL}},
            ],
        }
    ]


def raises(kind, call):
    """The error of the given class that the call ends with."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")


# openai


def openai_client(key=KEY):
    import openai

    return openai.OpenAI(base_url=f"{URL}/v1", api_key=key)


@check("openai", "models.list and retrieve")
def _():
    client = openai_client()
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).id == MODEL


@check("openai", "embeddings.create")
def _():
    client = openai_client()
    answer = client.embeddings.create(model=MODEL, input=["red circle", "green heart"])
    assert len(answer.data) == 2 and isinstance(answer.data[0].embedding[0], float)


@check("openai", "chat.completions.create, stream")
def _():
    client = openai_client()
    answer = client.chat.completions.create(model=MODEL, messages=question())
    assert answer.choices[0].message.content == "green heart"
    stream = client.chat.completions.create(
        model=MODEL,
        messages=question(),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(
        chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices
    )
    assert text == "green heart" and chunks[-1].usage.total_tokens > 0


@check("openai", "chat.completions.parse, tools")
def _():
    import openai
    from pydantic import BaseModel

    class Shape(BaseModel):
        shape: Literal["red circle", "green heart"]
        confidence: float

    client = openai_client()
    parsed = client.chat.completions.parse(
        model=MODEL, messages=question("What is it?"), response_format=Shape
    )
    assert parsed.choices[0].message.parsed.shape == "green heart"
    called = client.chat.completions.create(
        model=MODEL,
        messages=question("What is it?"),
        tools=[openai.pydantic_function_tool(Shape)],
    )
    [call] = called.choices[0].message.tool_calls
    assert json.loads(call.function.arguments)["shape"] == "green heart"


@check("openai", "responses.create")
def _():
    answer = openai_client().responses.create(
        model=MODEL,
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Which: red circle or green heart?"},
                    {"type": "input_image", "image_url": DATA_URL},
                ],
            }
        ],
    )
    assert answer.output_text == "green heart"


@check("openai", "moderations.create")
def _():
    answer = openai_client().moderations.create(
        input=[{"type": "image_url", "image_url": {"url": DATA_URL}}]
    )
    assert len(answer.results) == 1


@check("openai", "files.create, content, delete")
def _():
    import openai

    client = openai_client()
    file = client.files.create(file=("a.png", PICTURE, "image/png"), purpose="vision")
    assert client.files.retrieve(file.id).bytes == len(PICTURE)
    assert client.files.content(file.id).read() == PICTURE
    assert client.files.delete(file.id).deleted
    raises(openai.NotFoundError, lambda: client.files.retrieve(file.id))


@check("openai", "batches.create, cancel, list")
def _():
    client = openai_client()
    line = {
        "custom_id": "one",
        "method": "POST",
        "url": "/v1/embeddings",
        "body": {"model": MODEL, "input": "red circle"},
    }
    lines = client.files.create(
        file=("batch.jsonl", json.dumps(line).encode()), purpose="batch"
    )
    batch = client.batches.create(
        input_file_id=lines.id,
        endpoint="/v1/embeddings",
        completion_window="24h",
    )
    assert batch.id in [one.id for one in client.batches.list()]
    try:
        client.batches.cancel(batch.id)
    except openai_errors() as error:
        # It may have ended already.
        assert error.status_code < 500, error


def openai_errors():
    import openai

    return openai.APIStatusError


@check("openai", "errors")
def _():
    import openai

    wrong = raises(
        openai.AuthenticationError, lambda: openai_client("sk-proj-x").files.list()
    )
    assert "gr-" in wrong.message
    raises(
        openai.NotFoundError,
        lambda: openai_client().embeddings.create(model="nobody/nothing", input="a"),
    )
    raises(
        openai.BadRequestError,
        lambda: openai_client().embeddings.create(model=MODEL, input=[""]),
    )


# huggingface_hub


@check("huggingface_hub", "zero_shot_image_classification")
def _():
    from huggingface_hub import InferenceClient

    client = InferenceClient(model=f"{URL}/models/{MODEL}", token=KEY)
    answer = client.zero_shot_image_classification(PICTURE, candidate_labels=LABELS)
    assert answer[0].label == "green heart"


@check("huggingface_hub", "feature_extraction")
def _():
    from huggingface_hub import InferenceClient

    client = InferenceClient(model=f"{URL}/models/{MODEL}", token=KEY)
    assert client.feature_extraction("red circle").size > 10


@check("huggingface_hub", "list_models, model_info, repo_exists, whoami")
def _():
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    api = HfApi(endpoint=URL, token=KEY)
    assert MODEL in [
        model.id for model in api.list_models(pipeline_tag="zero-shot-image-classification")
    ]
    assert MODEL in [model.id for model in api.list_models(author="gigarouter", limit=3)]
    assert list(api.list_models(num_parameters="min:9000B")) == []
    names = [file.rfilename for file in api.model_info(MODEL).siblings]
    assert "open_clip_model.safetensors" in names, names
    assert api.repo_exists(MODEL) and not api.repo_exists("nobody/nothing")
    raises(RepositoryNotFoundError, lambda: api.model_info("nobody/nothing"))
    assert api.whoami()["auth"]["accessToken"]["role"] in ("read", "write")


# litellm


@check("litellm", "embedding, completion, errors")
def _():
    import litellm

    litellm.suppress_debug_info = True
    at = {"api_base": f"{URL}/v1", "api_key": KEY}
    answer = litellm.embedding(model=f"openai/{MODEL}", input=["red circle"], **at)
    assert len(answer.data) == 1
    said = litellm.completion(model=f"openai/{MODEL}", messages=question(), **at)
    assert said.choices[0].message.content == "green heart"
    raises(
        litellm.NotFoundError,
        lambda: litellm.completion(
            model="openai/nobody/nothing", messages=question(), **at
        ),
    )


# tritonclient


def triton():
    import tritonclient.http as http

    return http, http.InferenceServerClient(URL.removeprefix("http://"))


def authorization():
    """Headers; new ones each time, as tritonclient adds to those that it is given."""
    return {"authorization": f"Bearer {KEY}"}


def triton_inputs(http, binary):
    import numpy

    text = http.InferInput("text", [2], "BYTES")
    text.set_data_from_numpy(
        numpy.array(["red circle", "a green heart"], dtype=object), binary_data=binary
    )
    if not binary:
        return [text]
    image = http.InferInput("image", [1], "BYTES")
    image.set_data_from_numpy(numpy.array([PICTURE], dtype=object))
    return [text, image]


@check("tritonclient", "health, metadata, config, index")
def _():
    _http, client = triton()
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(MODEL) and client.is_model_ready(MODEL, "1")
    assert not client.is_model_ready("nobody/nothing")
    assert client.get_server_metadata()["name"] == "gigarouter"
    assert client.get_model_metadata(MODEL, "1")["outputs"][0]["name"] == "embedding"
    assert client.get_model_config(MODEL)["output"][0]["data_type"] == "TYPE_FP32"
    index = client.get_model_repository_index()
    assert {"READY"} == {one["state"] for one in index if one["name"] == MODEL}


@check("tritonclient", "infer, binary and JSON, compressed")
def _():
    import numpy

    http, client = triton()
    json_output = [http.InferRequestedOutput("embedding", binary_data=False)]
    reference = client.infer(
        MODEL, triton_inputs(http, False), outputs=json_output, headers=authorization()
    ).as_numpy("embedding")
    for binary in (False, True):
        for outputs in (None, json_output):
            for coding in (None, "gzip", "deflate"):
                answer = client.infer(
                    MODEL,
                    triton_inputs(http, binary),
                    outputs=outputs,
                    model_version="1",
                    request_id="mine",
                    headers=authorization(),
                    request_compression_algorithm=coding,
                    response_compression_algorithm=coding,
                )
                rows = answer.as_numpy("embedding")[-2:]
                assert answer.get_response()["id"] == "mine"
                assert numpy.allclose(rows, reference, atol=1e-6)


@check("tritonclient", "async_infer, errors")
def _():
    from tritonclient.utils import InferenceServerException

    http, client = triton()
    running = [
        client.async_infer(MODEL, triton_inputs(http, True), headers=authorization())
        for _ in range(3)
    ]
    for one in running:
        assert one.get_result().as_numpy("embedding").shape[0] == 3
    for name, headers, status in (
        (MODEL, {}, "401"),
        ("nobody/nothing", authorization(), "404"),
    ):
        error = raises(
            InferenceServerException,
            lambda: client.infer(name, triton_inputs(http, True), headers=headers),
        )
        assert error.message() and error.status() == status, error
    error = raises(InferenceServerException, client.get_log_settings)
    assert error.status() == "404", error


# kserve


@check("kserve", "ready, live, infer, errors")
def _():
    import httpx
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

    async def run():
        client = InferenceRESTClient(RESTConfig(protocol="v2", verbose=False))
        assert await client.is_server_live(URL) and await client.is_server_ready(URL)
        assert await client.is_model_ready(URL, MODEL)
        text = InferInput("text", [1], "BYTES", data=["red circle"])
        answer = await client.infer(
            URL,
            InferRequest(MODEL, [text]),
            model_name=MODEL,
            headers=authorization(),
        )
        assert answer.outputs[0].name == "embedding"
        try:
            await client.infer(
                URL, InferRequest(MODEL, [text]), model_name="nobody/nothing", headers=authorization()
            )
        except httpx.HTTPStatusError as error:
            assert "nobody/nothing" in str(error).split("'")[0], error
        else:
            raise AssertionError("no error was raised")

    asyncio.run(run())


# langchain-openai


@check("langchain-openai", "with_structured_output, by schema and by function")
def _():
    from langchain_openai import ChatOpenAI
    from pydantic import BaseModel

    class Shape(BaseModel):
        """The shape in the picture."""

        shape: Literal["red circle", "green heart"]

    model = ChatOpenAI(model=MODEL, base_url=f"{URL}/v1", api_key=KEY)
    messages = question("What is it?")
    for method in ("json_schema", "function_calling"):
        answer = model.with_structured_output(Shape, method=method).invoke(messages)
        assert answer.shape == "green heart", method
    assert model.invoke(question()).content == "green heart"
    assert "".join(part.content for part in model.stream(question())) == "green heart"


@check("langchain-openai", "OpenAIEmbeddings, of texts")
def _():
    from langchain_openai import OpenAIEmbeddings

    # By default it sends tokens of OpenAI's vocabulary, which no other model has.
    embeddings = OpenAIEmbeddings(
        model=MODEL,
        base_url=f"{URL}/v1",
        api_key=KEY,
        check_embedding_ctx_length=False,
    )
    assert len(embeddings.embed_documents(["red circle", "green heart"])) == 2


# instructor


@check("instructor", "TOOLS, JSON, JSON_SCHEMA, MD_JSON")
def _():
    import instructor
    from pydantic import BaseModel

    class Kind(str, Enum):
        circle = "red circle"
        heart = "green heart"

    class Shape(BaseModel):
        kind: Kind

    for mode in (
        instructor.Mode.TOOLS,
        instructor.Mode.JSON,
        instructor.Mode.JSON_SCHEMA,
        instructor.Mode.MD_JSON,
    ):
        client = instructor.from_openai(openai_client(), mode=mode)
        shape = client.chat.completions.create(
            model=MODEL,
            response_model=Shape,
            messages=question("What is it?"),
            max_retries=0,
        )
        assert shape.kind is Kind.heart, mode


# gql


@check("gql", "schema, query, subscription over WebSocket")
def _():
    from gql import Client, gql
    from gql.transport.aiohttp import AIOHTTPTransport
    from gql.transport.websockets import WebsocketsTransport

    async def run():
        transport = AIOHTTPTransport(
            f"{URL}/graphql", headers={"authorization": f"Bearer {KEY}"}
        )
        async with Client(
            transport=transport, fetch_schema_from_transport=True
        ) as session:
            answer = await session.execute(
                gql("{ models(first: 2) { totalCount } account { balance { postedNanos } } }")
            )
            assert answer["models"]["totalCount"] > 2
        socket = WebsocketsTransport(
            URL.replace("http", "ws") + "/graphql",
            init_payload={"authorization": f"Bearer {KEY}"},
        )
        async with Client(transport=socket) as session:
            stream = session.subscribe(
                gql("subscription { balanceChanged { balance { postedNanos } } }")
            )
            first = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(spend)
            assert (await asyncio.wait_for(first, 30))["balanceChanged"]["balance"]["postedNanos"]
            await stream.aclose()

    asyncio.run(run())


def spend():
    """Something that the account has not paid for before."""
    openai_client().embeddings.create(model=MODEL, input=[base64.b16encode(os.urandom(8)).decode()])


# stripe


@check("stripe", "customers and checkout sessions, of the Stripe simulator")
def _():
    import stripe

    client = stripe.StripeClient(
        "sk_test_double", base_addresses={"api": os.environ["GIGAROUTER_STRIPE_URL"]}
    )
    customer = client.v1.customers.create({"email": "someone@example.org"})
    assert client.v1.customers.retrieve(customer.id).email == "someone@example.org"
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "customer": customer.id,
            "success_url": "https://example.org/success",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 500,
                        "product_data": {"name": "Credit"},
                    },
                }
            ],
        }
    )
    assert session.url.startswith("http")


def main():
    only = sys.argv[1:]
    for package, operation, function in CHECKS:
        if only and package not in only:
            continue
        line = {
            "client": package,
            "version": importlib.metadata.version(package),
            "operation": operation,
        }
        try:
            function()
            line["result"] = "passed"
        except BaseException as error:  # noqa: BLE001
            line["result"] = "failed"
            line["detail"] = f"{type(error).__name__}: {error}"[:500]
        print(json.dumps(line), flush=True)


main()
