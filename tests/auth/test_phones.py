import pytest

from auth import phones
from wallet.errors import InvalidInput


@pytest.mark.parametrize(
    "typed",
    [
        "9847012345",
        "98470 12345",
        "09847012345",
        "0 98470-12345",
        "+919847012345",
        "+91 98470 12345",
        "+91 (0) 98470 12345",
        "+91 098470 12345",
        "(098470) 12345",
        "98470.12345",
        "\u202a+91\u00a098470\u201112345\u202c",
        "९८४७० १२३४५",
        "൯൮൪൭൦൧൨൩൪൫",
        "＋91 ９８４７０１２３４５",
    ],
)
def test_every_way_to_write_a_number_is_one_number(typed: str) -> None:
    assert phones.normalise(typed, locale="ml-IN", field="phone") == "+919847012345"


@pytest.mark.parametrize(
    ("locale", "typed", "number"),
    [
        ("th-TH", "081 234 5678", "+66812345678"),
        ("bn-BD", "01711-123456", "+8801711123456"),
        ("en-GB", "07911 123456", "+447911123456"),
        ("en-US", "(415) 555-2671", "+14155552671"),
        ("en-US", "1 415 555 2671", "+14155552671"),
        ("it-IT", "312 345 6789", "+393123456789"),
        ("de-DE", "0151 23456789", "+4915123456789"),
        ("en-SG", "8123 4567", "+6581234567"),
        ("en-IN", "+66 81 234 5678", "+66812345678"),
        ("en-IN", "+44 (0)20 7946 0958", "+442079460958"),
        ("en-IN", "+390612345678", "+390612345678"),
        ("ml", "+91 98470 12345", "+919847012345"),
    ],
)
def test_a_number_is_read_as_its_country_writes_it(locale: str, typed: str, number: str) -> None:
    assert phones.normalise(typed, locale=locale, field="phone") == number


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "98470",
        "98470123456",
        "1234567890",
        "00919847012345",
        "919847012345",
        "+0919847012345",
        "+91",
        "+9198470123456789",
        "98470 12345 ext. 9",
        "call me",
        "98470+12345",
        "9" * 100,
        "98470\u000012345",
    ],
)
def test_what_is_no_number_here_is_said_so(typed: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        phones.normalise(typed, locale="en-IN", field="phone")
    assert [(problem.field, problem.phrase.code) for problem in refusal.value.problems] == [("phone", "phone_invalid")]


@pytest.mark.parametrize("locale", ["ml", "en", "zh-Hant", "fi-FI", "en-150"])
def test_where_the_country_s_way_is_not_known_its_code_is_asked_for(locale: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        phones.normalise("98470 12345", locale=locale, field="phone")
    assert [problem.phrase.code for problem in refusal.value.problems] == ["phone_needs_country"]


@pytest.mark.parametrize("country", phones.PLANS)
def test_a_number_of_every_known_country_is_the_same_with_and_without_its_code(country: str) -> None:
    # given the shortest number of the plan, made of the first digits that it allows
    plan = phones.PLANS[country]
    number = next(
        f"{head:03d}" + "7" * more
        for more in range(5, 9)
        for head in range(100, 1000)
        if plan.mobile.fullmatch(f"{head:03d}" + "7" * more)
    )
    # then
    written = {number, plan.trunk + number, f"+{plan.code}{number}", f"+{plan.code} {number[:4]} {number[4:]}"}
    read = {phones.normalise(each, locale=f"en-{country}", field="phone") for each in written}
    assert read == {f"+{plan.code}{number}"}
    assert 8 <= len(f"+{plan.code}{number}") <= 16
