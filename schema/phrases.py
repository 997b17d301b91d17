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
    "not_found.giftDraft": says("This card was not found. Open it again from your cards."),
    "not_found.cancelGift": says("This gift was not found among those you sent."),
    "not_found.resendGift": says("This gift was not found among those you sent."),
    "not_found.rescheduleGift": says("This gift was not found among those you sent."),
    "not_found.thankForGift": says("This gift was not found among those you claimed."),
    "not_found.claimReward": says("This reward was not found. Open the list of rewards again."),
    "not_found.cancelVoucher": says("This voucher was not found among yours."),
    "not_found.transferGiftCardBalance": says("This gift card was not found among yours."),
    "not_found.signOut": says("This device is not signed in any more."),
    "not_found.quote": says(
        "The visit is over, or the voucher or reward is not for this customer. Scan the customer's code again."
    ),
    "not_found.checkout": says(
        "The visit is over, or the voucher or reward is not for this customer. Scan the customer's code again."
    ),
    "not_found.settleOffline": says("The visit is over. Scan the customer's code again."),
    "not_found.lookUp": says("Nobody with a card of this shop was found. Check it for a typo, or enrol the customer."),
    "not_found.refund": says("There is no such sale in this store. Look for it by the number on the receipt."),
    "invalid_input": says("Something that was entered cannot be used. Please correct it and try again."),
    "invalid_input.enrol": says("The customer was not enrolled. See what is said about each entry, and try again."),
    "invalid_input.enrolByPhone": says(
        "The customer was not enrolled. See what is said about each entry, and try again."
    ),
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
    "too_many_attempts.lookUp": counted(
        "Too many people were looked for. Scan the customer's code, or look again in {minutes} minute.",
        "Too many people were looked for. Scan the customer's code, or look again in {minutes} minutes.",
        by="minutes",
    ),
    "operator_missing": says("Type your PIN to go on."),
    "operator_unknown": says("This is nobody's PIN here. Please type yours again."),
    "operator_locked": counted(
        "Too many wrong PINs were typed at this till. It takes one again in {minutes} minute.",
        "Too many wrong PINs were typed at this till. It takes one again in {minutes} minutes.",
        by="minutes",
    ),
    "code_invalid": says("This is not a code of this shop. Ask the customer to open their card and show a fresh code."),
    "code_expired": says("This code is too old. Ask the customer to show a fresh one."),
    "code_already_used": says("This code was used already. Ask the customer to show a fresh one."),
    "line_already_refunded": counted(
        "This line was refunded already: {lines}. Leave it out and try again.",
        "These lines were refunded already: {lines}. Leave them out and try again.",
        by="line_count",
    ),
    "redeem_code_needed": says(
        "To use a reward or a voucher, or the customer's own gift card, ask the customer for the code to redeem, and"
        " scan it."
    ),
    "quote_changed": says("Something has changed since this was shown. Please look at it again and confirm."),
    "insufficient_points": says("This needs {needed_points}; the card has {available_points}."),
    "gift_not_open": says("This gift was claimed, cancelled or returned already."),
    "gift_not_open.rescheduleGift": says("The mail of this gift has left already, or the gift is over."),
    "reward_unavailable": says("This reward cannot be had now."),
    "voucher_not_usable": says("This voucher cannot be used here and now."),
    "gift_card_pending": says("The gift card ending in {last4} is not paid for yet."),
    "gift_card_active": says("The gift card ending in {last4} is not blocked."),
    "gift_card_blocked": says("The gift card ending in {last4} is blocked. Please ask the shop."),
    "gift_card_deactivated": says("The gift card ending in {last4} cannot be used any more."),
    "gift_card_past": says("The time of the gift card ending in {last4} is over."),
    "gift_card_begun": says("The gift card ending in {last4} is in use already."),
    "gift_card_full": says("The gift card ending in {last4} can take {room_minor} more at most."),
    "gift_card_unknown": says("This gift card was not found. Check its number and its PIN."),
    "gift_card_locked": says("Too many numbers or PINs of gift cards were wrong. Try again later, or pay otherwise."),
    "gift_card_other_program": says("The gift card ending in {last4} is of another shop."),
    "gift_card_pin_needed": says(
        "To pay more than {limit_minor} with the gift card ending in {last4}, its PIN is needed. Type it behind the"
        " number."
    ),
    "insufficient_value": says("This needs {needed_minor}; the gift card has {available_minor}."),
    "voucher_takes_nothing_off": says(
        "This voucher takes nothing off this purchase, so it was not used. Leave it out, and keep it for another time."
    ),
    "voucher_not_usable.cancelVoucher": says("This voucher was used or cancelled already, or its time is over."),
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
    "birthday_already_set": says("Your birthday was set before and cannot be changed."),
}

# Limits on gifts, which the program sets.
GIFT_LIMITS: Mapping[str, Sentence] = {
    "gifts_not_offered": says("This program has no gifts."),
    "value_gifts_not_offered": says("This program has no gifts of money."),
    "gift_value_too_large": says("You can send {most_minor} at most in one gift."),
    "gift_value_per_day": says("In one day you can send gifts of {day_minor} together at most. Try again tomorrow."),
    "gift_held": says("A first gift of this size is looked at before it is sent, on {until_at} at the latest."),
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
    "gift_mailbox_full": says("This address has been sent many gifts today. Try again tomorrow."),
}

# Why a member cannot have a reward.
REWARDS: Mapping[str, Sentence] = {
    "reward_points_missing": says("{points} more needed."),
    "reward_stamps_missing": counted("{stamps} stamp more needed.", "{stamps} stamps more needed.", by="stamps"),
    "reward_not_yet": says("To be had from {from_at} on."),
    "reward_over": says("It was to be had until {until_at}."),
    "reward_none_left": says("There are none left."),
    "reward_had": counted(
        "Each member can have it {times} time only.", "Each member can have it {times} times only.", by="times"
    ),
    "reward_of_tiers": says("Only for members of this tier: {tiers}."),
    "reward_elsewhere": says("This store does not have it."),
    "reward_not_given": says("It is for full punch cards and cannot be given away."),
    "reward_takes_nothing_off": says("{reward} takes nothing off this purchase, so it was not bought."),
}

# What is wrong with one field of an input.
PROBLEMS: Mapping[str, Sentence] = {
    "no_such_reward": says("The program has no reward {slug}. Make it first, then publish these rules."),
    "blank": says("This must not be empty."),
    "too_long": counted(
        "This is too long: {most} character is allowed.",
        "This is too long: {most} characters are allowed.",
        by="most",
    ),
    "one_worth": says("Choose one: points, an amount of money, or a reward."),
    "gift_card_gives_money": says("Out of a gift card only an amount of money can be sent."),
    "gift_value_too_small": says("Send {least_minor} at least."),
    "unknown_design": says("This picture cannot be chosen any more. Choose another one."),
    "thanked_already": says("You have sent your thanks for this gift already."),
    "color_form": says("Write the colour as # and six digits or letters from a to f, e.g. #7a3b1d."),
    "color_contrast": says("Neither white nor black is read well on this colour. Choose a darker or a lighter one."),
    "picture_too_large": says("The picture is empty or larger than {most} KB."),
    "picture_form": says("This is no PNG or SVG picture, or it is damaged."),
    "picture_not_plain": says("The SVG has something in it besides a drawing: a script, a link, or what loads more."),
    "unprintable": says("This holds characters that cannot be printed."),
    "has_link": says("This holds something that looks like a link or an address. Please leave it out."),
    "out_of_range": says("This must be from {least} to {most}."),
    "required": says("This is needed."),
    "repeated": says("This stands here twice."),
    "too_many": says("There are too many; the most is {most}."),
    "email_invalid": says("This is no e-mail address. Check it for a typo."),
    "phone_invalid": says(
        "This is no telephone number. Check it for a typo, or type it with + and the country's code."
    ),
    "phone_needs_country": says("Type the number with + and the country's code, e.g. +91 98470 12345."),
    "pin_form": says("A PIN has {least} to {most} digits."),
    "pin_taken": says("Somebody has this PIN already. Choose another one."),
    "sale_not_held": says("This sale does not wait for a decision, or somebody has decided it already."),
    "too_many_enrolled": counted(
        "This till has enrolled many customers in a short time. You can go on in {minutes} minute.",
        "This till has enrolled many customers in a short time. You can go on in {minutes} minutes.",
        by="minutes",
    ),
    "not_a_locale": says("Use a language tag, e.g. ml-IN."),
    "not_a_country": says("Use the two letters of the country, e.g. IN."),
    "country_needed": says("The language tag names no country. Say it too, e.g. IN."),
    "gift_card_same": says("Choose another gift card to move the money to."),
    "gift_card_elsewhere": says("Money can move only between gift cards of the same program."),
    "gift_card_number_form": says("A gift card's number has {least} to {most} digits."),
    "nothing_left_to_pay": says("Nothing is left for this gift card to pay."),
    "gift_card_buys_gift_card": says(
        "A gift card cannot pay for another gift card. Its line has to be paid otherwise."
    ),
    "gift_card_needs_value": says("A gift card needs an amount."),
    "gift_card_too_much": says("No more than {most_minor} may be on a gift card."),
    "gift_cards_unequal": says("This cannot be divided among {quantity} gift cards of the same value."),
    "loads_no_gift_card": says("Only a line that sells a gift card can load one."),
    "offline_no_gift_cards": says("Gift cards cannot be used or sold without a network."),
    "sold_gift_card_spent": says(
        "The gift card ending in {last4} that was sold with this is not as it was sold. Its line cannot come back."
    ),
    "sold_gift_card_whole": says("A line that sold a gift card comes back whole or not at all."),
    "gift_card_number_taken": says("There is a gift card of this number already."),
    "not_a_date": says("Use year, month and day, e.g. 2031-12-31."),
    "not_nothing": says("This must not be zero."),
    "gift_too_small": says("Send {least_points} at least."),
    "too_far_ahead": says("This is too far ahead. The last possible day is {latest_at}."),
    "in_past": says("This lies in the past."),
    "in_future": says("This lies in the future. Check the clock of the till."),
    "too_old": says("This is more than 72 hours ago."),
    "lines_or_amount": says("Name lines or an amount, not both."),
    "lines_needed": says("At least one line is needed."),
    "unknown_line": says("The sale has no such line."),
    "total_too_large": says("The lines sum to more than a till can charge."),
    "other_currency": says("This till works in {expected}."),
    "offline_needs_signed_code": says("A sale made offline needs the QR code as the till scanned it."),
    "slug_taken": says("Somebody has this name already."),
    "reward_slug_taken": says("The program has a reward of this name already, or had one."),
    "not_of_this_kind": says("This does not go with this kind of reward."),
    "one_price": says("Say a price in points or one in stamps, not both."),
    "ends_before_it_begins": says("This must be after the beginning, and not in the past."),
    "unknown_store": says("This merchant has no such store."),
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
    "not_a_list": says("This must be a list."),
    "not_a_text": says("This must be a text."),
    "unknown_choice": says("This is none of the words that can stand here."),
    "unknown_tier": says("The rules have no level of this name."),
    "levels_needed": says("Name at least one level."),
    "not_above_the_one_before": says("Each level must take more than the one before it."),
    "no_hours": says("The hours must not begin and end at the same time."),
    "not_a_month_and_day": says("Use month and day, e.g. 12-31; 29 February cannot be used."),
    "one_expiry": says("Points can expire in one way only: after months, on dates, or after inactivity."),
    "not_with_this_expiry": says("This means nothing for the way in which the points expire."),
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
    "term_excluded_categories": says("Nothing is earned on: {categories}."),
    "term_excluded_articles": counted(
        "{articles} article is left out and earns nothing.",
        "{articles} articles are left out and earn nothing.",
        by="articles",
    ),
    "term_minimum": says("A purchase earns from {minimum_minor} upwards."),
    "term_remainder_carried": says(
        "What is left over below the next step counts with your next purchase, as long as this rate applies."
    ),
    "term_remainder_dropped": says("What is left over below the next step is not carried to your next purchase."),
    "term_levels_points": counted(
        "Your level depends on the {name} you earned in the last {months} month.",
        "Your level depends on the {name} you earned in the last {months} months.",
        by="months",
    ),
    "term_levels_points_year": says("Your level depends on the {name} you earn in a calendar year."),
    "term_levels_spend": counted(
        "Your level depends on what you spent in the last {months} month.",
        "Your level depends on what you spent in the last {months} months.",
        by="months",
    ),
    "term_levels_spend_year": says("Your level depends on what you spend in a calendar year."),
    "term_level_points": says("{level} begins at {least_points}."),
    "term_level_spend": says("{level} begins at {least_minor}."),
    "term_level_times": says("{level}: your money counts {times} times."),
    "term_level_perk": says("{level} brings: {perk}."),
    "term_level_kept": says("A level that you do not reach again falls by one when its time is over."),
    "term_level_kept_longer": counted(
        "A level that you do not reach again falls by one {days} day after its time is over.",
        "A level that you do not reach again falls by one {days} days after its time is over.",
        by="days",
    ),
    "term_multiplier": says("{multiplier}: your money counts {times} times."),
    "term_multiplier_categories": says("{multiplier} is for: {categories}."),
    "term_multiplier_articles": counted(
        "{multiplier} is for {articles} chosen article.",
        "{multiplier} is for {articles} chosen articles.",
        by="articles",
    ),
    "term_multiplier_articles_too": counted(
        "{multiplier} is for {articles} chosen article as well.",
        "{multiplier} is for {articles} chosen articles as well.",
        by="articles",
    ),
    "term_multiplier_days": says("{multiplier} holds on: {weekdays}."),
    "term_multiplier_hours": says("{multiplier} holds from {from_hour}:00 to {until_hour}:00."),
    "term_multiplier_levels": says("{multiplier} is for members of: {levels}."),
    "term_multiplier_first": says("{multiplier} is for your first purchase."),
    "term_multiplier_birthday": says("{multiplier} is for your birthday."),
    "term_multiplier_all": says("For {multiplier}, all of this must hold at once."),
    "term_best_counts": says("Where several of these fit, the best one counts; they do not multiply each other."),
    "term_bonus_joining": says("You get {points} for joining."),
    "term_bonus_first_purchase": says("Your first purchase brings {points} more."),
    "term_bonus_visit": counted(
        "A visit with a purchase brings {points} more, again after {hours} hour.",
        "A visit with a purchase brings {points} more, again after {hours} hours.",
        by="hours",
    ),
    "term_bonuses_added": says("A bonus is added to what a purchase earns and is never multiplied."),
    "term_cap_sale": says("One purchase earns at most {most_points}, bonuses not counted."),
    "term_cap_day": says("The purchases of one day earn at most {most_points}, bonuses not counted."),
    "term_cap_month": says("The purchases of one month earn at most {most_points}, bonuses not counted."),
    "term_stamp_item": says("You get a stamp for every item you pay for, at most {most} in one purchase."),
    "term_stamp_visit": counted(
        "You get a stamp for a visit with a purchase, again after {hours} hour.",
        "You get a stamp for a visit with a purchase, again after {hours} hours.",
        by="hours",
    ),
    "term_stamp_purchase": says("You get a stamp for every purchase."),
    "term_stamp_categories": says("Stamps are for: {categories}."),
    "term_stamp_articles": counted(
        "Stamps are for {articles} chosen article.", "Stamps are for {articles} chosen articles.", by="articles"
    ),
    "term_stamp_articles_too": counted(
        "Stamps are for {articles} chosen article as well.",
        "Stamps are for {articles} chosen articles as well.",
        by="articles",
    ),
    "term_stamps_full": counted(
        "{stamps} stamp brings you: {reward}. Stamps beyond it count for the next one.",
        "{stamps} stamps bring you: {reward}. Stamps beyond them count for the next one.",
        by="stamps",
    ),
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
    "term_expiry_month_end": counted(
        "Your {name} expire {months} month after you can first spend them, at the end of that month.",
        "Your {name} expire {months} months after you can first spend them, at the end of that month.",
        by="months",
    ),
    "term_expiry_date": says("Your {name} expire every year at the end of {expiry_day}."),
    "term_expiry_least": counted(
        "What you could spend for less than {days} day by then stays until the next such date.",
        "What you could spend for less than {days} days by then stays until the next such date.",
        by="days",
    ),
    "term_inactivity": counted(
        "Your {name} expire if you buy nothing for {months} month.",
        "Your {name} expire if you buy nothing for {months} months.",
        by="months",
    ),
    "term_no_expiry": says("Your {name} never expire."),
    "term_notice": counted(
        "We write to you {days} day before your {name} expire.",
        "We write to you {days} days before your {name} expire.",
        by="days",
    ),
    "term_refund": says(
        "When you bring goods back, the {name} they earned are taken back. If you have spent some already, others on"
        " your card are taken instead, as far as there are any."
    ),
    "term_debt": says("What is missing then is taken from the {name} you earn next."),
    "term_stamps_refund": says("When you bring goods back, their stamps are taken back."),
    "term_review": says("If a purchase is unusual, the shop may look at it before you can spend what it earned."),
    "term_no_gifts": says("You cannot send {name} as a gift."),
    "term_gift": says("You can send from {min_points:bare} up to {max_points} as a gift."),
    "term_gift_limits": says("In one day: at most {gifts} gifts, to at most {recipients} people."),
    "term_gift_mailbox": says("One address is sent at most {gifts} gifts in one day."),
    "term_gift_new_account": says("In the first {days} days after joining: at most {gifts} gifts in one day."),
    "term_gift_return": counted(
        "A gift that nobody claims comes back to you after {days} day.",
        "A gift that nobody claims comes back to you after {days} days.",
        by="days",
    ),
}

# What a program says of money as a gift and on gift cards.
VALUE_TERMS: Mapping[str, Sentence] = {
    "term_value_gift": says("You can send money as a gift, from {least_minor} up to {most_minor}."),
    "term_value_per_day": says("In one day you can send gifts of {day_minor} together at most."),
    "term_value_new_account": says(
        "In the first {days} days after joining: gifts of {new_minor} together in one day at most."
    ),
    "term_value_hold": says(
        "Your first gift of more than {hold_minor} is sent a little later, so that we can look at it."
    ),
    "term_value_mailbox": says(
        "A gift of more than {mailbox_minor} can be claimed only with the address that it was sent to."
    ),
    "term_value_pin": says("To spend more than {pin_minor} by a gift card's number, its PIN is needed too."),
    "term_value_never_expires": says("Money on a gift card does not expire."),
    "term_value_expiry": counted(
        "Money on a gift card can be spent for {months} month after some was last put on it.",
        "Money on a gift card can be spent for {months} months after some was last put on it.",
        by="months",
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
    "line_multiplied": says("{points:bare} for {amount_minor}, which counts {times} times ({multiplier})."),
    "line_multiplied_with_lines": says(
        "{points:bare} for {amount_minor}, which counts {times} times ({multiplier}), together with the lines before"
        " it."
    ),
    "line_multiplied_with_purchases": says(
        "{points:bare} for {amount_minor}, which counts {times} times ({multiplier}), together with what was left from"
        " earlier purchases."
    ),
    "line_multiplied_with_both": says(
        "{points:bare} for {amount_minor}, which counts {times} times ({multiplier}), together with the lines before it"
        " and what was left from earlier purchases."
    ),
    "line_earned_stamped": counted(
        "{points:bare} for {amount_minor}, and {stamps} stamp.",
        "{points:bare} for {amount_minor}, and {stamps} stamps.",
        by="stamps",
    ),
    "line_multiplied_stamped": counted(
        "{points:bare} for {amount_minor}, which counts {times} times ({multiplier}), and {stamps} stamp.",
        "{points:bare} for {amount_minor}, which counts {times} times ({multiplier}), and {stamps} stamps.",
        by="stamps",
    ),
    "line_carried_stamped": counted(
        "{stamps} stamp; {amount_minor} counts towards the next step.",
        "{stamps} stamps; {amount_minor} counts towards the next step.",
        by="stamps",
    ),
    "line_stamped": counted("It gets {stamps} stamp.", "It gets {stamps} stamps.", by="stamps"),
    "line_no_stamp": says("It gets no stamp."),
    "line_stamped_once": counted(
        "There is one stamp for a visit, and another after {hours} hour.",
        "There is one stamp for a visit, and another after {hours} hours.",
        by="hours",
    ),
    "line_stamped_purchase": says("There is one stamp for a purchase."),
    "line_cap_sale": says("The most that one purchase earns was reached: {most_points:bare}."),
    "line_cap_day": says("The most that can be earned in one day was reached: {most_points:bare}."),
    "line_cap_month": says("The most that can be earned in one month was reached: {most_points:bare}."),
    "line_cap_day_or_month": says(
        "The most that can be earned was reached: {day_points:bare} in one day, {month_points:bare} in one month."
    ),
    "line_excluded_category": says("Nothing is earned on: {category}."),
    "line_excluded_sku": says("This article earns nothing."),
    "line_excluded_item": says("Goods earn nothing here."),
    "line_excluded_shipping": says("Delivery earns nothing."),
    "line_excluded_fee": says("Fees earn nothing."),
    "line_excluded_tip": says("Tips earn nothing."),
    "line_excluded_deposit": says("Deposits earn nothing."),
    "line_excluded_gift_card_sale": says("Buying a gift card earns nothing."),
    "line_below_minimum": says("A purchase earns from {minimum_minor} upwards."),
    "line_free": says("Nothing was paid for it."),
    "line_carried": says("No full step yet: {amount_minor} counts towards the next one."),
    "line_multiplied_carried": says(
        "No full step yet: {amount_minor}, which counts {times} times ({multiplier}), goes towards the next one."
    ),
    "line_counted_together": says("Too little by itself; it was counted together with the other lines."),
    "line_too_little": says("Too little to earn: it takes {per_minor}."),
    "line_refunded": says("It was brought back; it had earned {points:bare}."),
}

# The line on the paper receipt.
RECEIPTS: Mapping[str, Sentence] = {
    "receipt_earned": says("You earned {points} with this purchase."),
    "receipt_earned_pending": says("You earned {points} with this purchase, to spend from {active_at} on."),
    "receipt_earned_held": says(
        "You earned {points} with this purchase, to spend as soon as the shop has confirmed it."
    ),
    "receipt_nothing": says("This purchase earned no {name}."),
    "receipt_stamps": counted(
        "You got {stamps} stamp with this purchase.", "You got {stamps} stamps with this purchase.", by="stamps"
    ),
    "receipt_used": says("You used: {rewards}."),
    "receipt_tier": says("You have reached this tier: {tier}."),
    "receipt_tender": says("The gift card ending in {last4} paid {paid_minor}; {left_minor} is left on it."),
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
    "bonus_joining": says("{points:bare} for joining."),
    "bonus_first_purchase": says("{points:bare} for your first purchase."),
    "bonus_visit": says("{points:bare} for your visit."),
    "carried_in": says("{amount_minor} from earlier purchases counted with it."),
    "carried_on": says("{amount_minor} counts with your next purchase."),
    "pending_until": says("You can spend them from {active_at} on."),
    "held_for_review": says("You can spend them as soon as the shop has confirmed this purchase."),
    "capped": says("{points:bare} more were above the most that can be earned."),
    "debt_paid": says("They make up for goods that you brought back earlier."),
    "goods_returned": says("Goods for {amount_minor} came back."),
    "stamps_collected": counted("It gets {stamps} stamp.", "It gets {stamps} stamps.", by="stamps"),
    "review_refused": says("The shop looked at this purchase and let it earn nothing."),
    "activated": says("Earned on {earned_at}; you can spend them from now on."),
    "expired": says("Not used in time; earned on {earned_at}."),
    "gift_sent": says("A gift to {recipient}."),
    "gift_cancelled": says("You cancelled your gift to {recipient}."),
    "gift_declined": says("Your gift to {recipient} was declined."),
    "gift_returned": says("Your gift to {recipient} was not claimed in time."),
    "gift_received": says("A gift from {sender}."),
}

# The same, of rewards and vouchers.
REWARD_REASONS: Mapping[str, Sentence] = {
    "reward_claimed": says("For a voucher: {reward}."),
    "voucher_cancelled": says("The voucher was given back unused: {reward}."),
    "voucher_lapsed": says("The voucher was not used in time: {reward}."),
    "redeemed_at_till": says("Used at the till: {reward}."),
    "reward_given_back": says("What it was used on came back: {reward}."),
    "more_rewards": says("And {rewards} more."),
}

# Why the points of a sale wait until the merchant has looked at it, as the merchant reads it.
REVIEWS: Mapping[str, Sentence] = {
    "review_code_used_twice": says("The code was used for another sale before: of two offline tills, or twice at one."),
    "review_many_sales_of_card": says("The card was used more often in one day than the rules expect."),
    "review_one_card_at_one_till": says(
        "The card was used more often in one day than the rules expect, and always at this till."
    ),
    "review_many_sales_of_till": says("The till made more sales in one hour than the rules expect."),
    "review_large_amount": says("The amount is larger than the rules expect."),
    "review_operator_unknown": says("It was sold without a network, and the PIN was missing or nobody's."),
}

# Why a sale cannot be undone from the list of what was done lately.
OPERATIONS: Mapping[str, Sentence] = {
    "operation_returned": says("It has come back already."),
    "operation_of_earlier_day": says("It is of an earlier day. Refund it by its receipt number: {receipt}."),
}

# What stands around the lines of a statement to take away.
STATEMENTS: Mapping[str, Sentence] = {
    "statement_title": says("This is the statement of card •••• {last4}, {program} at {merchant}."),
    "statement_opening": says(
        "At the start: {active_points} to spend, {pending_points:bare} pending, {reserved_points:bare} set aside."
    ),
    "statement_closing": says(
        "At the end: {active_points} to spend, {pending_points:bare} pending, {reserved_points:bare} set aside."
    ),
    "statement_empty": says("Nothing happened in this time."),
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
    "delivery.failed_before": says("Mail to this mailbox came back before. Check the address, or try another."),
    "delivery.not_mailed": says("The shop sends no mail to this mailbox. Try another address."),
}

# What the web pages answer.
PAGES: Mapping[str, Sentence] = {
    "email_confirmed": says("Thank you. Your e-mail address is confirmed."),
    "confirmation_not_usable": says(
        "This link cannot be used any more. Open the newest mail from the shop and press its button again."
    ),
}

# What a poster at the counter says. It is read in passing, so each is short.
POSTERS: Mapping[str, Sentence] = {
    "poster_points": says("Collect {name} with every visit."),
    "poster_stamps": says("Collect stamps with every visit."),
    "poster_welcome": says("Become one of our regulars."),
    "poster_scan": says("Scan with your phone's camera."),
    "poster_rules": says("You see all the rules before you join."),
}

PHRASES: Mapping[str, Sentence] = {
    **REFUSALS,
    **GIFT_LIMITS,
    **REWARDS,
    **PROBLEMS,
    **TERMS,
    **VALUE_TERMS,
    **POSTERS,
    **LINES,
    **RECEIPTS,
    **REASONS,
    **REWARD_REASONS,
    **REVIEWS,
    **OPERATIONS,
    **STATEMENTS,
    **DELIVERY,
    **PAGES,
}
