from datetime import datetime, timedelta

from tests.database import StatementCounter
from tests.factories import Shop, make_shop
from tests.resolvers.api import Api, as_terminal
from tests.resolvers.counter import shown_code
from tests.resolvers.documents import SCAN
from tests.resolvers.world import Person, asked, everything
from wallet import damm
from wallet.database import Conn
from wallet.values import CheckInPurpose


async def test_a_scan_opens_a_visit(till: Api, phone: Api, asha: Person) -> None:
    # given the code on Asha's phone
    code = await shown_code(phone, asha)
    # when it is scanned
    visit = await till.do(SCAN, code=code["token"])
    # then the till knows whom it serves, and no more of her than it needs
    assert (visit["__typename"], visit["expiresAt"]) == ("Visit", "2026-11-22T09:45:00Z")
    card = visit["card"]
    assert (card["displayName"], card["active"], card["pending"]) == ("Asha", 100, 0)
    assert (card["pointName"], card["pointNamePlural"], card["revision"]) == ("bean", "beans", 1)
    assert len(card["numberLast4"]) == 4


async def test_who_has_told_no_name_is_a_member(till: Api, other_phone: Api, ben: Person) -> None:
    visit = await till.do(SCAN, code=(await shown_code(other_phone, ben))["token"])
    assert visit["card"]["displayName"] == "Member"


async def test_the_typed_digits_do_too(till: Api, phone: Api, asha: Person) -> None:
    code = (await shown_code(phone, asha))["shortCode"]
    assert (await till.do(SCAN, code=f" {code[:5]} {code[5:]}\n"))["__typename"] == "Visit"


async def test_a_scan_takes_six_statements(till: Api, phone: Api, asha: Person, statements: StatementCounter) -> None:
    code = await shown_code(phone, asha)
    async with statements.counted() as seen:
        await till.do(SCAN, code=code["token"])
    assert len(asked(seen)) == 6, asked(seen)


async def test_a_code_is_good_once(till: Api, phone: Api, asha: Person, conn: Conn) -> None:
    code = await shown_code(phone, asha)
    await till.do(SCAN, code=code["token"])
    before = await everything(conn)
    for again in (code["token"], code["shortCode"]):
        answer = await till.do(SCAN, code=again)
        assert (answer["__typename"], answer["usedAt"]) == ("CodeAlreadyUsed", "2026-11-22T09:30:00Z")
    assert await everything(conn) == before


async def test_an_old_code_is_expired(till: Api, phone: Api, asha: Person, conn: Conn, now: datetime) -> None:
    code, before = await shown_code(phone, asha), await everything(conn)
    late = till.at(now + timedelta(seconds=95))
    before = await everything(conn)
    answer = await late.do(SCAN, code=code["token"])
    assert (answer["__typename"], answer["expiredAt"]) == ("CodeExpired", "2026-11-22T09:31:30Z")
    assert await everything(conn) == before


async def test_a_newer_code_to_redeem_ends_the_earlier_one(till: Api, phone: Api, asha: Person) -> None:
    first = await shown_code(phone, asha, CheckInPurpose.REDEEM)
    second = await shown_code(phone, asha, CheckInPurpose.REDEEM)
    answers = [(await till.do(SCAN, code=code["token"]))["__typename"] for code in (first, second)]
    assert answers == ["CodeExpired", "Visit"]


async def test_what_is_no_code_of_this_shop_is_invalid(
    till: Api, new_till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    # given another merchant's till, and a forged and a torn code
    code = (await shown_code(phone, asha))["token"]
    stranger = as_terminal(new_till, await make_shop(conn, now=now))
    forged = code[:-1] + str((int(code[-1]) + 1) % 10)
    before = await everything(conn)
    # when they are scanned
    answers = [await stranger.do(SCAN, code=code)] + [
        await till.do(SCAN, code=text) for text in (forged, code[:-1], "", "0" * 218, "９" * 218)
    ]
    # then all are answered alike
    assert {answer["__typename"] for answer in answers} == {"CodeInvalid"}
    assert len({answer["message"] for answer in answers}) == 1
    assert await everything(conn) == before


def unknown_digits(number: int) -> str:
    digits = f"{number:09d}"
    return f"{digits}{damm.check_digit(digits)}"


async def test_ten_wrong_typed_codes_lock_typing_for_ten_minutes_though_they_are_refused(
    till: Api, phone: Api, asha: Person, conn: Conn, now: datetime
) -> None:
    # given ten wrong codes, the last one five minutes after the first
    for number in range(9):
        assert (await till.do(SCAN, code=unknown_digits(number)))["__typename"] == "CodeInvalid"
    in_five = till.at(now + timedelta(minutes=5))
    assert (await in_five.do(SCAN, code="1234567890"))["__typename"] == "CodeInvalid"
    phone, before = phone.at(in_five.now), await everything(conn)
    code = await shown_code(phone, asha)
    before = await everything(conn)
    # when a right one is typed
    answer = await in_five.do(SCAN, code=code["shortCode"])
    # then it has to wait for ten minutes from the tenth
    assert (answer["__typename"], answer["retryAt"]) == ("TooManyAttempts", "2026-11-22T09:45:00Z")
    assert answer["message"] == "Too many wrong codes were typed. Scan the QR code, or type again in 10 minutes."
    assert await everything(conn) == before
    nearly = till.at(now + timedelta(minutes=14, seconds=59))
    assert (await nearly.do(SCAN, code=unknown_digits(1)))["__typename"] == "TooManyAttempts"
    # while scanning goes on, and typing does after that
    assert (await in_five.do(SCAN, code=code["token"]))["__typename"] == "Visit"
    then = now + timedelta(minutes=15)
    fresh = await shown_code(phone.at(then), asha)
    assert (await till.at(then).do(SCAN, code=fresh["shortCode"]))["__typename"] == "Visit"


async def test_blanks_around_a_wrong_code_do_not_keep_it_from_being_counted(
    till: Api, phone: Api, asha: Person
) -> None:
    # given a right code, and ten wrong ones that blanks, or digits too many, make as long as something scanned
    code = (await shown_code(phone, asha))["shortCode"]
    padded = [f"{unknown_digits(number)}{' ' * 31}" for number in range(4)]
    padded += ["\t".join(unknown_digits(number)) + " " * 208 for number in range(4, 8)]
    for text in (*padded, "1" * 41, "9" * 217):
        assert (await till.do(SCAN, code=text))["__typename"] == "CodeInvalid"
    # when the right one is typed, with blanks or without
    answers = [(await till.do(SCAN, code=text))["__typename"] for text in (code, code + " " * 31)]
    # then typing is locked
    assert answers == ["TooManyAttempts"] * 2


async def test_right_old_and_used_codes_do_not_count_as_wrong(till: Api, phone: Api, asha: Person) -> None:
    # given nine wrong codes
    for number in range(9):
        await till.do(SCAN, code=unknown_digits(number))
    # when a right one is typed, and typed again many times
    code = (await shown_code(phone, asha))["shortCode"]
    answers = [(await till.do(SCAN, code=code))["__typename"] for _ in range(5)]
    # then nothing is locked
    assert answers == ["Visit"] + ["CodeAlreadyUsed"] * 4
    assert (await till.do(SCAN, code=unknown_digits(9)))["__typename"] == "CodeInvalid"
    assert (await till.do(SCAN, code=unknown_digits(10)))["__typename"] == "TooManyAttempts"


async def test_a_revoked_till_scans_nothing(
    till: Api, phone: Api, asha: Person, shop: Shop, conn: Conn, now: datetime
) -> None:
    # given a till whose session was ended, though its access token is still good
    code = (await shown_code(phone, asha))["token"]
    await conn.execute(
        "UPDATE sessions SET ended_at = $2, ended_because = 'revoked' WHERE session_id = $1", shop.session_id, now
    )
    before = await everything(conn)
    # when it scans, then it may not
    assert await till.failure(SCAN, input={"code": code}) == "UNAUTHENTICATED"
    assert await everything(conn) == before


async def test_a_device_that_is_no_till_scans_nothing(new_till: Api, phone: Api, asha: Person) -> None:
    code = (await shown_code(phone, asha))["token"]
    assert await new_till.failure(SCAN, input={"code": code}) == "UNAUTHENTICATED"
