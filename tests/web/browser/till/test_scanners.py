"""Scanners that type, people that type, and ten digits."""

import pytest

from tests.web.browser.till.scene import Till

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("layout", ["us", "azerty"])
@pytest.mark.parametrize("end", ["Enter", ""])
async def test_scanner_is_caught_where_nothing_has_the_focus(till: Till, layout: str, end: str) -> None:
    member = await till.member()

    await till.scan((await member.code()).token, layout=layout, end=end)

    await till.see_customer("Meera")
    assert till.asked.count("scan") == 1


@pytest.mark.parametrize("layout", ["us", "azerty"])
async def test_what_a_scanner_types_into_a_field_is_taken_out_again(till: Till, layout: str) -> None:
    # given somebody who was typing an address
    member = await till.member()
    await till.press("Find by phone or e-mail")
    field = till.page.get_by_label("Telephone number or e-mail address")
    await field.press_sequentially("asha@exa")

    # when the scanner types in its midst
    await till.scan((await member.code()).token, layout=layout)

    # then the customer is there, and the field holds what it held
    await till.page.locator(".customer").wait_for()
    assert "lookUp" not in till.asked
    assert till.asked.count("scan") == 1


async def test_field_of_a_sale_keeps_what_was_typed_before_the_scanner(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("12")
    await till.press("What is bought")
    category = till.page.get_by_label("Category")
    await category.press_sequentially("coffee")

    async with till.page.expect_response(lambda answer: "scan" in (answer.request.post_data or "")) as answered:
        await till.scan((await member.code()).token)
    assert (await (await answered.value).json())["data"]["scan"]["__typename"] == "Visit"

    assert await category.input_value() == "coffee"
    assert await till.page.locator(".amount-number").inner_text() == "₹12"


async def test_amount_is_as_it_was_when_a_scanner_has_typed_over_it(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("37")

    async with till.page.expect_response(lambda answer: "scan" in (answer.request.post_data or "")):
        await till.scan((await member.code()).token)

    assert await till.page.locator(".amount-number").inner_text() == "₹37"
    assert await till.sales() == []


async def test_slow_scanner_is_one_too(till: Till) -> None:
    member = await till.member()

    await till.scan((await member.code()).token, gap_ms=60)

    await till.see_customer("Meera")


async def test_person_who_types_ten_digits_is_no_scanner(till: Till) -> None:
    member = await till.member()
    digits = (await member.code()).digits
    await till.press("Find by phone or e-mail")
    field = till.page.get_by_label("Telephone number or e-mail address")
    await field.focus()

    await till.scan(digits, end="", gap_ms=90)

    assert await field.input_value() == digits
    assert "scan" not in till.asked


@pytest.mark.parametrize("how", ["scanner", "keypad", "keyboard"])
async def test_ten_digits_open_the_same_visit(till: Till, how: str) -> None:
    member = await till.member()
    digits = (await member.code()).digits

    if how == "scanner":
        await till.scan(digits)
    else:
        await till.press("Type the ten digits")
        if how == "keypad":
            await till.type_amount(digits)
        else:
            await till.page.locator("dialog input:focus").wait_for()
            await till.page.keyboard.type(digits, delay=150)

    await till.see_customer("Meera")
    assert till.asked.count("scan") == 1


async def test_slip_of_a_finger_is_told_before_anybody_is_asked(till: Till) -> None:
    member = await till.member()
    digits = (await member.code()).digits
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    await till.press("Type the ten digits")

    await till.type_amount(wrong)

    await till.page.get_by_text("These ten digits do not fit together.").first.wait_for()
    assert "scan" not in till.asked


async def test_other_barcode_is_told_and_records_nothing(till: Till) -> None:
    member = await till.member()
    await till.scan((await member.code()).token)
    await till.see_customer("Meera")
    await till.type_amount("50")

    await till.scan("4006381333931")

    await till.page.get_by_text("The scanner did not read a check-in code.").wait_for()
    assert await till.page.locator(".amount-number").inner_text() == "₹50"
    assert await till.sales() == []


async def test_code_that_was_used_says_when(till: Till) -> None:
    member = await till.member()
    code = await member.code()
    await till.scan(code.token)
    await till.see_customer("Meera")
    await till.press("Send the customer away")

    await till.scan(code.token)

    await till.page.locator(".notice.problem").filter(has_text="used").wait_for()


async def test_scanner_is_heard_from_the_list_of_today(till: Till) -> None:
    member = await till.member()
    await till.page.get_by_role("link", name="Today").click()
    await till.page.get_by_role("heading", name="Today", exact=True).wait_for()

    await till.scan((await member.code()).token)

    await till.see_customer("Meera")
