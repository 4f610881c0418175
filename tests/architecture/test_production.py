"""Production starts on a whole configuration and on nothing less."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

SECRETS = (
    "SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY", "API_PEPPER", "STEP_UP_SECRET",
    "PACK_SIGNING_KEY", "FACE_ROTATION",
)  # fmt: skip
WHOLE = {
    "OTCRISK_ENV": "production",
    "ALLOWED_HOSTS": "risk.example.com",
    "SITE_URL": "https://risk.example.com",
    "EMAIL_URL": "smtp+tls://mail.example.com:587",
    "DATABASE_URL": "postgresql://otcrisk@db.example.com/otcrisk",
    "BROKER_URL": "redis://broker.example.com/0",
    "CACHE_URL": "redis://cache.example.com/1",
    **{name: os.urandom(32).hex() for name in SECRETS},
}


def check(*, env: dict[str, str], var: Path) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check --deploy` with this environment and no other."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "OTCRISK_VAR": str(var)} | env,
        capture_output=True,
        text=True,
    )


def test_a_whole_production_configuration_is_clean(tmp_path: Path) -> None:
    done = check(env=WHOLE, var=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == [], "production makes up no secrets and starts no servers"


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    env = WHOLE.copy()
    for name in SECRETS:
        file = tmp_path / name.lower()
        file.write_text(env.pop(name) + "\n")
        env[f"{name}_FILE"] = str(file)
    assert check(env=env, var=tmp_path).returncode == 0


def test_production_names_everything_that_is_missing(tmp_path: Path) -> None:
    done = check(env={"OTCRISK_ENV": "production", "SECRET_KEY": WHOLE["SECRET_KEY"]}, var=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    missing = WHOLE.keys() - {"OTCRISK_ENV", "SECRET_KEY"}
    assert {name for name in missing if name not in done.stderr} == set()


def test_production_refuses_unsafe_values(tmp_path: Path) -> None:
    unsafe = {
        "DEBUG": "true",
        "ALLOWED_HOSTS": "*",
        "STEP_UP_SECRET": "short",
        "PACK_SIGNING_KEY": "no hexadecimal digits, though it is long enough",
        "SITE_URL": "http://risk.example.com",
    }
    done = check(env=WHOLE | unsafe, var=tmp_path)
    assert done.returncode == 1
    assert {name for name in unsafe if name not in done.stderr} == set()


def test_the_web_process_refuses_too(tmp_path: Path) -> None:
    env = {"OTCRISK_ENV": "production", "OTCRISK_VAR": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", "import otcrisk.wsgi"],
        cwd=settings.BASE_DIR,
        env=env | {"SECRET_KEY": WHOLE["SECRET_KEY"], "FIELD_KEYS": WHOLE["FIELD_KEYS"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "BLIND_INDEX_KEY (or BLIND_INDEX_KEY_FILE) is not set" in done.stderr
