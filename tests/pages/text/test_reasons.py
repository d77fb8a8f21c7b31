"""Reasons of verdicts in Chinese: every text that the code or a library gives as a reason has a translation."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.pages.text.reasons import translate_reason
from tests.support.servers import REPOSITORY
from tests.support.webhook_client import BEARER

CHINESE = {"Accept-Language": "zh-CN"}
SOURCES_OF_REASONS = {
    "Ignored", "MalformedError", "AuthenticationError", "SignatureError", "ValidationError", "UnpackError",
    "make_problem", "_bad",
}  # fmt: skip
"""Functions and exceptions of the code whose texts become reasons."""


def translate(app: Flask, reason: str, **headers: str) -> str:
    """Return a reason as a page shows it, by default in Chinese."""
    with app.test_request_context(headers=headers or CHINESE):
        return translate_reason(reason)


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("Authentication failed: wrong X-Gitlab-Token.", "身份验证失败：X-Gitlab-Token 错误。"),
        ("source forge is not allowed to report on shop", "来源 forge 无权上报项目 shop"),
        ("same key and body as delivery 0198", "幂等键和请求体均与上报记录 0198 相同"),
        ("unknown event 'tell me'", "未知事件 'tell me'"),
        ("the parser failed: KeyError", "解析出错：KeyError"),
        ("At most 10000.", "最多 10000 个"),
        ("batch: At most 1000 events.", "batch：最多 1000 个事件"),
        (
            "port: Not a valid integer.; steps.0.name: Missing data for required field.",
            "port：须为整数；steps.0.name：缺少必填字段",
        ),
        ("deploy_type: Must be one of: backend, static.", "deploy_type：须为以下之一：backend, static"),
        ("step_details.a: b.log: Not a valid string.", "step_details.a: b.log：须为字符串"),
        (
            "invalid payload: The body is not valid JSON: Expecting value: line 1 column 2 (char 1)",
            "报文无效：请求体不是有效的 JSON（第 1 行第 2 列）。",
        ),
        ("invalid payload: The body cannot be unpacked as gzip.", "报文无效：请求体无法按 gzip 解压。"),
        (
            "Content-Encoding 'br' is not supported. Send gzip, deflate, or none.",
            "不支持 Content-Encoding 'br'，请使用 gzip 或 deflate，或不压缩。",
        ),
        ("The body is not valid JSON: NaN is not allowed", "请求体不是有效的 JSON。"),
        (
            "batch: No valid event among 2. First error: context.type: Missing or of the wrong type.",
            "batch：2 个事件均无效，首个错误：context.type：缺失或类型错误",
        ),
        ("a reason of an earlier release", "a reason of an earlier release"),
    ],
)
def test_a_reason_is_shown_in_chinese(app: Flask, reason: str, chinese: str) -> None:
    assert translate(app, reason) == chinese


def test_an_english_reason_is_shown_as_stored(app: Flask) -> None:
    for reason in ("The body is not valid JSON: Extra data: line 1 column 2 (char 1)", "port: Invalid type.; a: b", ""):
        assert translate(app, reason, **{"Accept-Language": "en"}) == reason


def list_texts() -> Iterator[str]:
    """Yield the texts of the code that become reasons, with an example for what is filled in."""
    for path in sorted((REPOSITORY / "dashboard").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            name = getattr(call.func, "id", "") if isinstance(call, ast.Call) else ""
            if isinstance(call, ast.Call) and name in SOURCES_OF_REASONS:
                yield from (text for argument in call.args for text in read_texts(argument))


def read_texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts in an argument; of a map its values are meant."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.Dict):
        yield from (text for value in node.values for text in read_texts(value))
    elif isinstance(node, ast.List):
        yield from (text for value in node.elts for text in read_texts(value))


def test_every_reason_in_the_code_has_a_translation(app: Flask) -> None:
    texts = set(list_texts())
    assert len(texts) > 60
    assert [text for text in sorted(texts) if translate(app, text) == text] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"project": None},
        {"project": "-"},
        {"project": 7, "port": "x", "steps": {}, "jobs": [7]},
        {"port": 70000, "duration_s": -1, "timestamp": "soon", "step_details": []},
        {"duration_s": "x", "deploy_type": "x", "started_at": [7], "completed_at": "2024-01-01"},
        {"branch": "x" * 300, "message": "\0", "steps": [{"name": None}]},
        {"run_id": None},
        {"step_details": {"a": 7}, "run_attempt": 0, "step": [], "steps": [{}]},
    ],
)
def test_messages_of_libraries_are_translated_in_rejected_deliveries(
    client: FlaskClient, fields: dict[str, Any]
) -> None:
    payload = {"project": "shop", "run_id": "1", **fields}
    refused = client.post("/api/webhook/deployment", json=payload, headers=BEARER)
    assert refused.status_code == 422
    reason = client.get("/api/deliveries", headers=BEARER).get_json()["items"][0]["reason"]
    with client.application.test_request_context(headers=CHINESE):
        for part in reason.split("; "):
            field, _, message = translate_reason(part).partition("：")
            assert part.startswith(f"{field}: ")
            assert not any(word in message for word in ("Must", "Not", "not", "Field", "Longer", "Missing")), message
