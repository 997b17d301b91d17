"""Every sentence that is made of facts, by its code, in English.

English is the key of the catalogues, so changing a sentence here asks for its translation again (`make messages`). A
code that was ever stored in a history stays. A fact is written by its name: `points` and `*_points` as an amount of the
program's points ("12 beans"; with `:bare` just "12"), `*_minor` as money in `currency`, `*_at` as a date, any other
number with the locale's grouping, any text as it is.
"""

from collections.abc import Mapping

from schema.sentences import Sentence, counted, says

# Refusals. What has the name of a mutation behind a dot is said instead by that mutation.
REFUSALS: Mapping[str, Sentence] = {
    "not_found": says("That was not found."),
    "not_found.joinProgram": says("There is no such program. Scan the poster again, or ask the shop for its link."),
    "not_found.createCheckInCode": says("This card was not found. Open it again from your cards."),
    "not_found.sendGift": says("This card was not found. Open it again from your cards."),
    "not_found.cancelGift": says("This gift was not found among those you sent."),
    "not_found.resendGift": says("This gift was not found among those you sent."),
    "not_found.signOut": says("This device is not signed in any more."),
    "not_found.quote": says("The visit is over. Scan the customer's code again."),
    "not_found.checkout": says("The visit is over. Scan the customer's code again."),
    "not_found.settleOffline": says("The visit is over. Scan the customer's code again."),
    "not_found.refund": says("There is no such sale in this store. Look for it by the number on the receipt."),
    "invalid_input": says("Something that was entered cannot be used. Please correct it and try again."),
    "invalid_input.enrol": says("The customer was not enrolled. See what is said about each entry, and try again."),
    "key_reused": says("This was already done with other details, so nothing was done now. Please start again."),
    "too_many_attempts": counted(
        "Too many tries. Please try again in {minutes} minute.",
        "Too many tries. Please try again in {minutes} minutes.",
        by="minutes",
    ),
    "too_many_attempts_hours": counted(
        "Too many tries. Please try again in {hours} hour.",
        "Too many tries. Please try again in {hours} hours.",
        by="hours",
    ),
    "too_many_attempts.scan": counted(
        "Too many wrong codes were typed. Scan the QR code, or type again in {minutes} minute.",
        "Too many wrong codes were typed. Scan the QR code, or type again in {minutes} minutes.",
        by="minutes",
    ),
    "too_many_attempts_hours.scan": counted(
        "Too many wrong codes were typed. Scan the QR code, or type again in {hours} hour.",
        "Too many wrong codes were typed. Scan the QR code, or type again in {hours} hours.",
        by="hours",
    ),
    "code_invalid": says("This is not a code of this shop. Ask the customer to open their card and show a fresh code."),
    "code_expired": says("This code is too old. Ask the customer to show a fresh one."),
    "code_already_used": says("This code was used already. Ask the customer to show a fresh one."),
    "line_already_refunded": counted(
        "This line was refunded already: {lines}. Leave it out and try again.",
        "These lines were refunded already: {lines}. Leave them out and try again.",
        by="line_count",
    ),
    "insufficient_points": says("This needs {needed_points}; the card has {available_points}."),
    "gift_not_open": says("This gift was claimed, cancelled or returned already."),
    "gift_not_claimable": says("This gift cannot be claimed with this link. Ask the person who sent it for a new one."),
    "sign_in_code_rejected": counted(
        "This code is not right. You can try {attempts} more time.",
        "This code is not right. You can try {attempts} more times.",
        by="attempts",
    ),
    "sign_in_code_spent": says("This code does not work any more. Ask for a new one."),
    "session_ended": says("You are signed out. Please sign in again."),
    "session_ended.refreshTerminalSession": says(
        "This till is signed out. Activate it again with a new code from the merchant."
    ),
    "activation_code_rejected": says("This activation code is wrong, used or too old. Ask the merchant for a new one."),
}

# Limits on gifts, which the program sets.
GIFT_LIMITS: Mapping[str, Sentence] = {
    "gifts_not_offered": says("This program has no gifts."),
    "gift_too_large": says("You can send {most_points} at most in one gift."),
    "gifts_per_day": counted(
        "You can send {gifts} gift a day. Try again tomorrow.",
        "You can send {gifts} gifts a day. Try again tomorrow.",
        by="gifts",
    ),
    "gift_recipients_per_day": counted(
        "You can send gifts to {recipients} person a day. Try again tomorrow.",
        "You can send gifts to {recipients} people a day. Try again tomorrow.",
        by="recipients",
    ),
}

# What is wrong with one field of an input.
PROBLEMS: Mapping[str, Sentence] = {
    "blank": says("This must not be empty."),
    "too_long": counted(
        "This is too long: {most} character is allowed.",
        "This is too long: {most} characters are allowed.",
        by="most",
    ),
    "unprintable": says("This holds characters that cannot be printed."),
    "has_link": says("This holds something that looks like a link or an address. Please leave it out."),
    "out_of_range": says("This must be from {least} to {most}."),
    "required": says("This is needed."),
    "repeated": says("This stands here twice."),
    "too_many": says("There are too many; the most is {most}."),
    "email_invalid": says("This is no e-mail address. Check it for a typo."),
    "too_many_enrolled": counted(
        "This till has enrolled many customers in a short time. You can go on in {minutes} minute.",
        "This till has enrolled many customers in a short time. You can go on in {minutes} minutes.",
        by="minutes",
    ),
    "not_a_locale": says("Use a language tag, e.g. ml-IN."),
    "gift_too_small": says("Send {least_points} at least."),
    "too_far_ahead": says("This is too far ahead. The last possible day is {latest_at}."),
    "in_past": says("This lies in the past."),
    "in_future": says("This lies in the future. Check the clock of the till."),
    "too_old": says("This is more than 72 hours ago."),
    "lines_needed": says("At least one line is needed."),
    "unknown_line": says("The sale has no such line."),
    "total_too_large": says("The lines sum to more than a till can charge."),
    "other_currency": says("This till works in {expected}."),
    "offline_needs_signed_code": says("A sale made offline needs the QR code as the till scanned it."),
    "slug_taken": says("Somebody has this name already."),
    "slug_form": says("Use small letters, digits and hyphens, 64 at most."),
    "not_a_currency": says("Use the three letters of the currency, e.g. INR."),
    "not_a_timezone": says("Use a time zone's name, e.g. Asia/Kolkata."),
    "not_an_object": says("This must be a JSON object."),
    "not_a_whole_number": says("This must be a whole number."),
    "not_true_or_false": says("This must be true or false."),
    "unknown_field": says("There is no such setting."),
    "kinds_needed": says("Name at least one kind of line that earns."),
    "unknown_line_kind": says("There is no such kind of line."),
    "gift_cards_never_earn": says("Selling a gift card never earns; what is bought with it does."),
}

# The rules of a program, as its members read them.
TERMS: Mapping[str, Sentence] = {
    "term_earn": says("You get {points} for every {per_minor} you spend."),
    "term_goods_alone": says("Goods earn; delivery, fees, tips, deposits and gift cards do not."),
    "term_excluded_item": says("Goods earn nothing."),
    "term_excluded_shipping": says("Delivery earns nothing."),
    "term_excluded_fee": says("Fees earn nothing."),
    "term_excluded_tip": says("Tips earn nothing."),
    "term_excluded_deposit": says("Deposits earn nothing."),
    "term_excluded_gift_card_sale": says("Buying a gift card earns nothing."),
    "term_minimum": says("A purchase earns from {minimum_minor} upwards."),
    "term_remainder_carried": says(
        "What is left over below the next step counts with your next purchase, as long as this rate applies."
    ),
    "term_remainder_dropped": says("What is left over below the next step is not carried to your next purchase."),
    "term_at_once": says("You can spend your {name} at once."),
    "term_pending": counted(
        "You can spend your {name} {days} day after the purchase.",
        "You can spend your {name} {days} days after the purchase.",
        by="days",
    ),
    "term_expiry": counted(
        "Your {name} expire {months} month after you can first spend them.",
        "Your {name} expire {months} months after you can first spend them.",
        by="months",
    ),
    "term_no_expiry": says("Your {name} never expire."),
    "term_refund": says(
        "When you bring goods back, the {name} they earned are taken back. If you have spent some already, others on"
        " your card are taken instead, as far as there are any."
    ),
    "term_no_gifts": says("You cannot send {name} as a gift."),
    "term_gift": says("You can send from {min_points:bare} up to {max_points} as a gift."),
    "term_gift_limits": says("In one day: at most {gifts} gifts, to at most {recipients} people."),
    "term_gift_return": counted(
        "A gift that nobody claims comes back to you after {days} day.",
        "A gift that nobody claims comes back to you after {days} days.",
        by="days",
    ),
}

# Why a line of a sale earned what it earned.
LINES: Mapping[str, Sentence] = {
    "line_earned": says("{points:bare} for {amount_minor}."),
    "line_earned_with_lines": says("{points:bare} for {amount_minor}, counted with the lines before it."),
    "line_earned_with_purchases": says(
        "{points:bare} for {amount_minor}, counted with what was left from earlier purchases."
    ),
    "line_earned_with_both": says(
        "{points:bare} for {amount_minor}, counted with the lines before it and what was left from earlier purchases."
    ),
    "line_excluded_item": says("Goods earn nothing here."),
    "line_excluded_shipping": says("Delivery earns nothing."),
    "line_excluded_fee": says("Fees earn nothing."),
    "line_excluded_tip": says("Tips earn nothing."),
    "line_excluded_deposit": says("Deposits earn nothing."),
    "line_excluded_gift_card_sale": says("Buying a gift card earns nothing."),
    "line_below_minimum": says("A purchase earns from {minimum_minor} upwards."),
    "line_free": says("Nothing was paid for it."),
    "line_carried": says("No full step yet: {amount_minor} counts towards the next one."),
    "line_counted_together": says("Too little by itself; it was counted together with the other lines."),
    "line_too_little": says("Too little to earn: it takes {per_minor}."),
    "line_refunded": says("It was brought back; it had earned {points:bare}."),
}

# The line on the paper receipt.
RECEIPTS: Mapping[str, Sentence] = {
    "receipt_earned": says("You earned {points} with this purchase."),
    "receipt_earned_pending": says("You earned {points} with this purchase, to spend from {active_at} on."),
    "receipt_nothing": says("This purchase earned no {name}."),
    "receipt_refunded": says("You earned {points} with this purchase; {refunded_points:bare} went back with a return."),
    "receipt_refunded_pending": says(
        "You earned {points} with this purchase; {refunded_points:bare} went back with a return. The rest is to spend"
        " from {active_at} on."
    ),
}

# Reasons of the lines in a card's history. The line itself has the points, so none needs the program's word for them.
REASONS: Mapping[str, Sentence] = {
    "earned_for_purchase": says("For a purchase of {amount_minor}."),
    "by_rule": says("The rule: {points:bare} for every {per_minor}."),
    "carried_in": says("{amount_minor} from earlier purchases counted with it."),
    "carried_on": says("{amount_minor} counts with your next purchase."),
    "pending_until": says("You can spend them from {active_at} on."),
    "goods_returned": says("Goods for {amount_minor} came back."),
    "activated": says("Earned on {earned_at}; you can spend them from now on."),
    "expired": says("Not used in time; earned on {earned_at}."),
    "gift_sent": says("A gift to {recipient}."),
    "gift_cancelled": says("You cancelled your gift to {recipient}."),
    "gift_returned": says("Your gift to {recipient} was not claimed in time."),
    "gift_received": says("A gift from {sender}."),
}

# Why the mail of a gift did not arrive, and what its sender can do.
DELIVERY: Mapping[str, Sentence] = {
    "delivery.mailbox_unknown": says("There is no such mailbox. Check the address for a typo and send it again."),
    "delivery.mailbox_closed": says("This mailbox takes no more mail. Send it again to another address."),
    "delivery.mailbox_full": says("The mailbox is full. Send it again later, or to another address."),
    "delivery.domain_unknown": says("What stands after the @ does not exist. Check the address for a typo."),
    "delivery.blocked": says("The mail service of this address does not take our mail. Try another address."),
    "delivery.unwanted": says("Whoever reads this mailbox wants no gifts by mail."),
    "delivery.refused": says("The mail service of this address refused the mail. Check the address, or try another."),
    "delivery.unreachable": says("The mail service of this address could not be reached. Send it again later."),
}

# What the web pages answer.
PAGES: Mapping[str, Sentence] = {
    "email_confirmed": says("Thank you. Your e-mail address is confirmed."),
    "confirmation_not_usable": says(
        "This link cannot be used any more. Open the newest mail from the shop and press its button again."
    ),
}

PHRASES: Mapping[str, Sentence] = {
    **REFUSALS,
    **GIFT_LIMITS,
    **PROBLEMS,
    **TERMS,
    **LINES,
    **RECEIPTS,
    **REASONS,
    **DELIVERY,
    **PAGES,
}
