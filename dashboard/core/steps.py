"""Steps by name: the keys made from names, the known steps, and the categories of steps."""

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What kind of work a step does."""

    VALIDATION = "validation"
    CONFIGURATION = "configuration"
    BUILD = "build"
    DEPLOYMENT = "deployment"
    SERVICE = "service"
    TESTING = "testing"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class KnownStep:
    """A step that many senders report, under its English key or its Chinese name."""

    category: Category
    name_en: str
    name_zh: str


KNOWN_STEPS = {
    "validate_artifact": KnownStep(Category.VALIDATION, "Validate artifact", "验证构建产物"),
    "parse_secrets": KnownStep(Category.VALIDATION, "Parse secrets", "解析部署密钥"),
    "server_init": KnownStep(Category.CONFIGURATION, "Initialise server", "服务器初始化"),
    "deploy_project": KnownStep(Category.DEPLOYMENT, "Deploy project", "部署项目"),
    "configure_nginx": KnownStep(Category.CONFIGURATION, "Configure nginx", "配置 Nginx"),
    "start_service": KnownStep(Category.SERVICE, "Start service", "启动服务"),
    "test_website": KnownStep(Category.TESTING, "Test website", "测试网站"),
    "test_website_static": KnownStep(Category.TESTING, "Test website (static)", "测试网站（静态）"),
    "test_website_backend": KnownStep(Category.TESTING, "Test website (backend)", "测试网站（后端）"),
}

Patterns = tuple[tuple[str, Category], ...]

DEFAULT_PATTERNS: Patterns = (
    (r"test|smoke|health|e2e|verify site|测试|冒烟|健康检查", Category.TESTING),
    (r"valid|lint|check|verify|scan|audit|secret|format|验证|校验|检查|密钥|扫描", Category.VALIDATION),
    (r"deploy|release|publish|upload|rollout|rsync|deliver|部署|发布|上传", Category.DEPLOYMENT),
    (r"service|start|stop|reload|systemd|服务|启动|停止|重启", Category.SERVICE),
    (r"build|compile|bundle|package|docker|wheel|构建|编译|打包|镜像", Category.BUILD),
    (r"config|setup|set up|init|install|nginx|migrat|checkout|配置|初始化|安装|迁移|准备", Category.CONFIGURATION),
)
"""Regular expressions that are searched in a step's key, in this order. A settings file can replace them."""


@functools.lru_cache(maxsize=8192)
def normalise_name(name: str) -> str:
    """Return the form in which names are compared: NFKC, casefolded, each run of blanks as one space."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


KEY_OF_NAME = {
    **{key: key for key in KNOWN_STEPS},
    **{normalise_name(step.name_zh): key for key, step in KNOWN_STEPS.items()},
    # Senders also write Chinese next to Latin letters without a space.
    **{normalise_name(step.name_zh).replace(" ", ""): key for key, step in KNOWN_STEPS.items()},
}


def make_step_keys(names: Iterable[str]) -> list[str]:
    """Return the keys of a list of step names: a known step's own key, and `#n` appended to the nth equal name.

    All keys differ, even if one name equals the numbered key of another.
    """
    keys: dict[str, None] = {}
    seen: dict[str, int] = {}
    for name in map(normalise_name, names):
        wanted = key = KEY_OF_NAME.get(name, name)
        while key in keys or wanted not in seen:
            seen[wanted] = seen.get(wanted, 0) + 1
            key = wanted if seen[wanted] == 1 else f"{wanted}#{seen[wanted]}"
        keys[key] = None
    return list(keys)


@functools.lru_cache(maxsize=8192)
def categorise_step(key: str, patterns: Patterns) -> Category:
    """Return the category of a step: a known step's own, otherwise that of the first pattern found in its key."""
    known = KNOWN_STEPS.get(re.sub(r"#\d+\Z", "", key))
    if known:
        return known.category
    return next((category for pattern, category in patterns if re.search(pattern, key)), Category.OTHER)
