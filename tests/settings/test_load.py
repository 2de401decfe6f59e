"""What an operator may write in the file and the environment, and what is said when it cannot be used."""

import re
from pathlib import Path

import pytest

from settings import SettingsError, load_settings
from settings.model import Settings


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, folder: Path | None = None) -> Path:
    path = (folder or Path()) / "qualwatch.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(text))
    return tuple(re.sub(r"^lines? \d+( and \d+)?: ", "", problem) for problem in caught.value.problems)


def test_every_problem_names_its_line_and_its_source() -> None:
    names = [f"city-{number}" for number in range(200)]
    sources = "".join(f'[[sources]]\nname = "{name}"\nurl = "http://{name}.example/"\n\n' for name in names)
    wrong = sources.replace('"http://city-117.example/"', '"city-117.example"')
    wrong += '[sources.listing] # of the last one\nform = "table"\n[mail.smtp]\nport = "a"\n'
    text = "# 本单位的来源\n" + wrong
    with pytest.raises(SettingsError) as caught:
        load_settings(written(text))
    lines = text.splitlines()
    said = {re.match(r"line (\d+): ", problem)[1]: problem for problem in caught.value.problems}  # type: ignore[index]
    assert [lines[int(line) - 1] for line in said] == [
        'url = "city-117.example"',
        'form = "table"',
        'port = "a"',
    ]
    assert "called 'city-117'" in next(iter(said.values()))


def test_two_sources_of_one_name_are_shown_by_both_lines() -> None:
    source = '[[sources]]\nname = "twice"\nurl = "https://www.example.com/"\n'
    other = source.replace("twice", "once")
    with pytest.raises(SettingsError, match=r": lines 1 and 7: the file: two sources are called 'twice'"):
        load_settings(written(source + other + source))


def test_nothing_configured_gives_the_defaults(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.serves_sample
    assert settings.watched() == ()
    assert settings.storage.directory == tmp_path / "var"
    assert settings.model_copy(update={"storage": Settings().storage}) == Settings()


def test_the_file_of_the_current_directory_is_read() -> None:
    written('time_zone = "Asia/Urumqi"')
    assert load_settings().time_zone == "Asia/Urumqi"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    path = written('[mail]\nchannel = "smtp"\n[mail.smtp]\nhost = "mail.example.com"\nport = 25\n')
    monkeypatch.setenv("QUALWATCH_MAIL__SMTP__HOST", "other.example.com")
    monkeypatch.setenv("QUALWATCH_PRESETS", '["mohrss"]')
    settings = load_settings(path)
    assert (settings.mail.smtp.host, settings.mail.smtp.port) == ("other.example.com", 25)
    assert settings.presets == ("mohrss",)


def test_a_relative_directory_is_taken_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    path = written('[storage]\ndirectory = "data"', tmp_path / "etc")
    assert load_settings(path).storage.directory == tmp_path / "etc" / "data"
    assert load_settings(Path("etc/qualwatch.toml")).storage.directory == tmp_path / "etc" / "data"


def test_a_directory_of_the_environment_is_taken_from_the_files_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    monkeypatch.setenv("QUALWATCH_STORAGE__DIRECTORY", "data")
    assert load_settings().storage.directory == tmp_path / "data"
    assert load_settings(written("", tmp_path / "etc")).storage.directory == tmp_path / "etc" / "data"


def test_an_absolute_directory_stays_as_it_is(tmp_path: Path) -> None:
    path = written(f"[storage]\ndirectory = '{tmp_path / 'elsewhere'}'")
    assert load_settings(path).storage.directory == tmp_path / "elsewhere"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_bytes(b"\xef\xbb\xbf" + b'time_zone = "Asia/Urumqi"\r\n')
    assert load_settings(path).time_zone == "Asia/Urumqi"


def test_broken_toml_is_told_with_its_line_and_column() -> None:
    (problem,) = problems('time_zone = "Asia/Shanghai"\nadministrator = wang@example.com\n')
    assert "line 2, column 17" in problem


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "qualwatch.toml"
    path.write_bytes('time_zone = "亚洲"'.encode("gb18030"))
    with pytest.raises(SettingsError, match="byte 14 is not UTF-8: save the file as UTF-8"):
        load_settings(path)


def test_a_missing_file_that_was_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        load_settings(tmp_path / "absent.toml")


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path)


def test_every_problem_has_a_message_of_its_own_with_key_value_and_mend() -> None:
    found = problems(
        """
        time_zone = "Mars/Olympus"
        administrator = "nobody"
        presets = "mohrss"
        [metrics]
        port = 99999
        [fetching]
        threads = "many"
        [[sources]]
        name = "first"
        url = "https://www.example.com/"
        [[sources]]
        name = "Second Source"
        url = "www.example.com"
        kind = "news"
        region = "22"
        """
    )
    expected = [
        ("time_zone = 'Mars/Olympus'", "no time zone is called 'Mars/Olympus'; write for example"),
        ("administrator = 'nobody'", 'write an address like "wang@example.com"'),
        ("presets = 'mohrss'", 'write a list in square brackets, for example ["…"]'),
        (
            "sources[1].name ([[sources]] number 2 of the file, called 'Second Source') = 'Second Source'",
            "small letters",
        ),
        (
            "sources[1].url ([[sources]] number 2 of the file, called 'Second Source') = 'www.example.com'",
            "write a full address",
        ),
        (
            "sources[1].kind ([[sources]] number 2 of the file, called 'Second Source') = 'news'",
            "write one of 'notices', 'permit",
        ),
        (
            "sources[1].region ([[sources]] number 2 of the file, called 'Second Source') = '22'",
            "six digits of the GB/T 2260 code",
        ),
        ("fetching.threads = 'many'", "write a whole number"),
        ("metrics.port = 99999", "write a number of at most 65535"),
    ]
    assert len(found) == len(expected)
    for problem, (key_and_value, mend) in zip(found, expected, strict=True):
        assert problem.startswith(key_and_value)
        assert mend in problem


def test_a_missing_key_names_its_source() -> None:
    (problem,) = problems('[[sources]]\nname = "one"\n')
    assert (
        problem == "sources[0].url ([[sources]] number 1 of the file, called 'one') is missing: write url = …"
    )


def test_a_misspelt_key_gets_the_near_one_offered() -> None:
    (problem,) = problems("[fetching]\ndelay_second = 3")
    assert problem.startswith("fetching.delay_second is no known key: did you mean 'delay_seconds'?")


def test_a_key_without_its_heading_is_shown_the_heading() -> None:
    (problem,) = problems('security = "tls"')
    assert problem.endswith("'security' belongs under the heading [mail.smtp] or [intake.imap]")


def test_two_sources_of_one_name_are_an_error() -> None:
    source = '[[sources]]\nname = "twice"\nurl = "https://www.example.com/"\n'
    (problem,) = problems(source * 2)
    assert problem == "the file: two sources are called 'twice': give one of them another name"


def test_smtp_without_a_host_names_the_table() -> None:
    (problem,) = problems('[mail]\nchannel = "smtp"')
    assert problem.startswith("mail: channel is 'smtp' but smtp.host is empty")


@pytest.mark.parametrize(
    "text",
    [
        '[mail.smtp]\npassword = ["geheim-1"]',
        "[mail.smtp]\npassword = 4711",
        '[mail.smtp]\npasswort = "geheim-1"',
        '[mail]\nchannel = "smtp"\n[mail.smtp]\npassword = "geheim-1"',
        '[mail]\nsmtp = "smtp://wang:geheim-1@mail.example.com"',
        '[storage]\ndatabase = ["postgresql://wang:geheim-1@db/qualwatch"]',
        '[[sources]]\nname = "one"\nurl = "ftp://wang:geheim-1@example.com/"',
    ],
)
def test_secrets_are_never_printed(text: str) -> None:
    assert not any(secret in problem for problem in problems(text) for secret in ("geheim-1", "4711"))


def test_an_unknown_preset_lists_the_known_ones_with_the_nearest_first() -> None:
    (problem,) = problems('presets = ["mohrs"]')
    assert problem.startswith(
        "presets names 'mohrs', which is not shipped: did you mean 'mohrss'? write one of"
    )
    assert "fuzhou" in problem


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUALWATCH_METRICS__PORT", "http")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.problems == (
        "metrics.port (environment variable QUALWATCH_METRICS__PORT) = 'http' is not usable: "
        "write a whole number",
    )


@pytest.mark.parametrize("name", ["QUALWATCH_MIAL__SENDER", "QUALWATCH_MAIL__SENDR"])
def test_a_misspelt_variable_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "x@example.com")
    with pytest.raises(SettingsError, match=rf"{name}.*did you mean"):
        load_settings()


@pytest.mark.parametrize("name", ["QUALWATCH_PRESETS", "QUALWATCH_FETCHING__ALLOW_PRIVATE_HOSTS"])
def test_a_list_that_is_not_json_names_the_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "mohrss")
    with pytest.raises(SettingsError, match=f"{name}.*write a list"):
        load_settings()


def test_quiet_hours_that_are_none_are_answered_with_an_example() -> None:
    [problem] = problems('[[sources]]\nname = "x"\nurl = "http://a.example.cn/"\nquiet_hours = "25:00-6"\n')
    assert 'for example "22:00-06:00"' in problem
