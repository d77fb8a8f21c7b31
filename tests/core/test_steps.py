"""Keys and categories of steps."""

import pytest

from dashboard.core.steps import DEFAULT_PATTERNS, Category, categorise_step, make_step_keys


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("validate_artifact", "validate_artifact"),
        ("验证构建产物", "validate_artifact"),
        ("解析部署密钥", "parse_secrets"),
        ("服务器初始化", "server_init"),
        ("部署项目", "deploy_project"),
        ("配置Nginx", "configure_nginx"),
        ("配置nginx", "configure_nginx"),
        ("配置 Nginx", "configure_nginx"),
        ("启动服务", "start_service"),
        ("测试网站", "test_website"),
        ("test_website_static", "test_website_static"),
        ("  Build \t the  Image ", "build the image"),
        ("ＢＵＩＬＤ", "build"),
    ],
)
def test_a_name_becomes_a_key(name: str, key: str) -> None:
    assert make_step_keys([name]) == [key]


def test_equal_names_in_a_list_get_numbered_keys() -> None:
    assert make_step_keys(["Run", "test", "run", "RUN"]) == ["run", "test", "run#2", "run#3"]


def test_no_two_steps_of_a_list_share_a_key() -> None:
    assert make_step_keys(["部署项目", "deploy_project"]) == ["deploy_project", "deploy_project#2"]
    assert make_step_keys(["ship", "ship", "ship#2"]) == ["ship", "ship#2", "ship#2#2"]
    assert make_step_keys(["ship#2", "ship", "ship"]) == ["ship#2", "ship", "ship#3"]


@pytest.mark.parametrize(
    ("key", "category"),
    [
        ("validate_artifact", Category.VALIDATION),
        ("parse_secrets", Category.VALIDATION),
        ("server_init", Category.CONFIGURATION),
        ("deploy_project", Category.DEPLOYMENT),
        ("configure_nginx", Category.CONFIGURATION),
        ("start_service", Category.SERVICE),
        ("test_website", Category.TESTING),
        ("deploy_project#2", Category.DEPLOYMENT),
        ("run unit tests", Category.TESTING),
        ("build the image", Category.BUILD),
        ("上传 artefact", Category.DEPLOYMENT),
        ("make coffee", Category.OTHER),
    ],
)
def test_a_step_belongs_to_a_category(key: str, category: Category) -> None:
    assert categorise_step(key, DEFAULT_PATTERNS) == category


def test_patterns_of_an_operator_replace_the_default_ones() -> None:
    patterns = (("coffee", Category.SERVICE),)
    assert categorise_step("make coffee", patterns) == Category.SERVICE
    assert categorise_step("build the image", patterns) == Category.OTHER
    assert categorise_step("deploy_project", patterns) == Category.DEPLOYMENT
