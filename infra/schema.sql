-- What the migrations make of an empty database, as pg_dump says it. Written by `regulars db snapshot`.

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE public.accounts (
    merchant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    program_id uuid NOT NULL,
    kind text NOT NULL,
    card_id uuid,
    balance bigint,
    CONSTRAINT accounts_bounded CHECK (
CASE
    WHEN (kind = ANY (ARRAY['active'::text, 'pending'::text, 'gift'::text, 'voucher'::text])) THEN ((balance IS NOT NULL) AND (balance >= 0) AND (card_id IS NOT NULL))
    ELSE ((balance IS NULL) AND (card_id IS NULL))
END),
    CONSTRAINT accounts_kind CHECK ((kind = ANY (ARRAY['active'::text, 'pending'::text, 'gift'::text, 'voucher'::text, 'issued'::text, 'redeemed'::text, 'expired'::text])))
);

COMMENT ON TABLE public.accounts IS 'Where points stand. Those of cards and gifts are bounded and stored; a program''s own are the sums of their transfers.';

COMMENT ON COLUMN public.accounts.card_id IS 'The card whose points these are; for a gift, the sender''s card, until it is claimed.';

CREATE TABLE public.activation_codes (
    code_hash bytea NOT NULL,
    merchant_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT activation_codes_hash_length CHECK ((octet_length(code_hash) = 32))
);

COMMENT ON TABLE public.activation_codes IS 'Eight letters that turn a device into a terminal, once, within fifteen minutes. Kept as a keyed hash.';

CREATE TABLE public.builtin_payments (
    ref text NOT NULL,
    key text NOT NULL,
    payee text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    metadata jsonb NOT NULL,
    state text NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    dispute text,
    created_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    CONSTRAINT builtin_payments_amount CHECK (((amount_minor > 0) AND ((refunded_minor >= 0) AND (refunded_minor <= amount_minor)))),
    CONSTRAINT builtin_payments_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT builtin_payments_decided CHECK (((state = ANY (ARRAY['OPEN'::text, 'ASKING'::text])) = (decided_at IS NULL))),
    CONSTRAINT builtin_payments_dispute CHECK (((dispute IS NULL) OR ((dispute = ANY (ARRAY['OPEN'::text, 'WON'::text])) AND (state = 'PAID'::text)))),
    CONSTRAINT builtin_payments_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255))),
    CONSTRAINT builtin_payments_metadata_length CHECK ((octet_length((metadata)::text) <= 2048)),
    CONSTRAINT builtin_payments_payee_length CHECK (((char_length(payee) >= 1) AND (char_length(payee) <= 80))),
    CONSTRAINT builtin_payments_ref_form CHECK ((ref ~ '^[A-Za-z0-9_-]{43}$'::text)),
    CONSTRAINT builtin_payments_refunded CHECK (((refunded_minor = 0) OR (state = 'PAID'::text))),
    CONSTRAINT builtin_payments_state CHECK ((state = ANY (ARRAY['OPEN'::text, 'ASKING'::text, 'PAID'::text, 'DECLINED'::text, 'CANCELLED'::text])))
);

COMMENT ON TABLE public.builtin_payments IS 'Payments of the built-in provider, which moves no money: who opens the page of one says whether it is paid.';

COMMENT ON COLUMN public.builtin_payments.ref IS 'The provider''s name for it, and the secret part of the address of its page.';

COMMENT ON COLUMN public.builtin_payments.key IS 'Who asks again with the key gets the same payment.';

CREATE TABLE public.builtin_refunds (
    key text NOT NULL,
    ref text NOT NULL,
    amount_minor bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT builtin_refunds_amount CHECK ((amount_minor > 0)),
    CONSTRAINT builtin_refunds_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255)))
);

COMMENT ON TABLE public.builtin_refunds IS 'What the built-in provider gave back. Who asks again with the key is given nothing more.';

CREATE TABLE public.card_directory (
    customer_id uuid NOT NULL,
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    card_id uuid NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    idempotency_key uuid,
    input_hash bytea,
    CONSTRAINT card_directory_hash_length CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT card_directory_keyed CHECK (((idempotency_key IS NULL) = (input_hash IS NULL)))
);

COMMENT ON TABLE public.card_directory IS 'Leads from a customer to the cards, whichever merchant they belong to.';

CREATE TABLE public.cards (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    program_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    number text NOT NULL,
    reference bigint NOT NULL,
    active_account_id uuid NOT NULL,
    pending_account_id uuid NOT NULL,
    revision bigint DEFAULT 0 NOT NULL,
    lifetime_earned bigint DEFAULT 0 NOT NULL,
    carries jsonb DEFAULT '{}'::jsonb NOT NULL,
    debt bigint DEFAULT 0 NOT NULL,
    stamps integer DEFAULT 0 NOT NULL,
    tier text,
    tier_since timestamp with time zone,
    tier_until timestamp with time zone,
    tier_review_at timestamp with time zone,
    chain bytea NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    CONSTRAINT cards_carries CHECK ((jsonb_typeof(carries) = 'object'::text)),
    CONSTRAINT cards_chain_length CHECK ((octet_length(chain) = 32)),
    CONSTRAINT cards_debt CHECK ((debt >= 0)),
    CONSTRAINT cards_number_form CHECK ((number ~ '^[0-9]{16}$'::text)),
    CONSTRAINT cards_revision CHECK ((revision >= 0)),
    CONSTRAINT cards_tier_dates CHECK ((((tier IS NULL) = (tier_since IS NULL)) AND ((tier_until IS NULL) OR (tier IS NOT NULL)) AND ((tier_review_at IS NULL) OR (tier_review_at >= tier_until)))),
    CONSTRAINT cards_tier_length CHECK (((char_length(tier) >= 1) AND (char_length(tier) <= 40)))
);

COMMENT ON TABLE public.cards IS 'A customer''s membership in one program. The row that is locked before anything of the card changes.';

COMMENT ON COLUMN public.cards.reference IS 'The random 64 bits that a check-in code names the card by (read as unsigned).';

COMMENT ON COLUMN public.cards.revision IS 'The seq of the newest entry: grows by one with every change of the card.';

COMMENT ON COLUMN public.cards.lifetime_earned IS 'Points ever earned, less what refunds took back.';

COMMENT ON COLUMN public.cards.carries IS 'Money spent below the next earning step, carried to the next purchase at the same rate, in hundredths of a minor unit: {"1/5000": 300000} is 3,000 on the way to 1 point per 5,000.';

COMMENT ON COLUMN public.cards.debt IS 'Points that returned goods had earned and the card no longer had: what is earned next pays them.';

COMMENT ON COLUMN public.cards.stamps IS 'Stamps on the punch card. Below zero where goods came back after their stamps had been used up.';

COMMENT ON COLUMN public.cards.tier IS 'The name of the tier; null below the first.';

COMMENT ON COLUMN public.cards.tier_until IS 'Until then the tier cannot be lost: a midnight of the merchant''s.';

COMMENT ON COLUMN public.cards.tier_review_at IS 'The midnight, the days of grace after tier_until, at which the tier is kept or falls by one level.';

COMMENT ON COLUMN public.cards.chain IS 'The hash of the newest entry; before there is one, the start of the chain, which names the merchant and the card.';

CREATE TABLE public.check_in_codes (
    merchant_id uuid NOT NULL,
    short_code text NOT NULL,
    jti bigint NOT NULL,
    card_id uuid NOT NULL,
    purpose text NOT NULL,
    minted_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT check_in_codes_purpose CHECK ((purpose = ANY (ARRAY['EARN'::text, 'REDEEM'::text]))),
    CONSTRAINT check_in_codes_short_code_form CHECK ((short_code ~ '^[0-9]{10}$'::text))
);

COMMENT ON TABLE public.check_in_codes IS 'Codes that are being shown: what the ten typed digits stand for, and whether a REDEEM code was replaced by a newer one.';

COMMENT ON COLUMN public.check_in_codes.jti IS 'The random 64 bits of the token (read as unsigned).';

CREATE TABLE public.customers (
    customer_id uuid DEFAULT uuidv7() NOT NULL,
    email text,
    email_key text,
    phone text,
    phone_key text,
    name text,
    locale text NOT NULL,
    birth_month smallint,
    birth_day smallint,
    confirmed_at timestamp with time zone,
    notices_stopped_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT customers_birthday CHECK ((((birth_month IS NULL) = (birth_day IS NULL)) AND ((birth_month >= 1) AND (birth_month <= 12)) AND ((birth_day >= 1) AND (birth_day <=
CASE
    WHEN (birth_month = 2) THEN 29
    WHEN (birth_month = ANY (ARRAY[4, 6, 9, 11])) THEN 30
    ELSE 31
END)))),
    CONSTRAINT customers_email_key_length CHECK (((char_length(email_key) >= 3) AND (char_length(email_key) <= 254))),
    CONSTRAINT customers_email_length CHECK (((char_length(email) >= 3) AND (char_length(email) <= 254))),
    CONSTRAINT customers_locale_length CHECK (((char_length(locale) >= 2) AND (char_length(locale) <= 35))),
    CONSTRAINT customers_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT customers_phone_key_form CHECK ((phone_key ~ '^\+[1-9][0-9]{5,14}$'::text)),
    CONSTRAINT customers_phone_length CHECK (((char_length(phone) >= 6) AND (char_length(phone) <= 30))),
    CONSTRAINT customers_reachable CHECK ((((email IS NULL) = (email_key IS NULL)) AND ((phone IS NULL) = (phone_key IS NULL)) AND (num_nonnulls(email, phone) >= 1)))
);

COMMENT ON TABLE public.customers IS 'A person who signs in, or was enrolled at a counter. One row per mailbox and per telephone number.';

COMMENT ON COLUMN public.customers.email_key IS 'The address case-folded: what makes two spellings one mailbox. Null for who was enrolled by telephone number alone: they cannot sign in and get no mail.';

COMMENT ON COLUMN public.customers.phone_key IS 'The number as E.164 has it: what makes two spellings one number. Nobody has proved that it is theirs.';

COMMENT ON COLUMN public.customers.confirmed_at IS 'When the person first proved to read this mailbox; null for a customer enrolled at a counter until then.';

CREATE TABLE public.email_confirmations (
    link_hash bytea NOT NULL,
    customer_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT email_confirmations_hash_length CHECK ((octet_length(link_hash) = 32))
);

COMMENT ON TABLE public.email_confirmations IS 'SHA-256 of the link mailed to a customer who was enrolled at a counter. Using it twice is using it once.';

CREATE TABLE public.entries (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    points bigint NOT NULL,
    pending_points bigint NOT NULL,
    reserved_points bigint NOT NULL,
    active_after bigint NOT NULL,
    pending_after bigint NOT NULL,
    reserved_after bigint NOT NULL,
    lifetime_after bigint NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    store_id uuid,
    sale_id uuid,
    gift_id uuid,
    voucher_id uuid,
    reverses_seq bigint,
    reverses_wholly boolean DEFAULT false NOT NULL,
    reasons json DEFAULT '[]'::json NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT entries_after CHECK (((active_after >= 0) AND (pending_after >= 0) AND (reserved_after >= 0))),
    CONSTRAINT entries_hash_length CHECK ((octet_length(hash) = 32)),
    CONSTRAINT entries_kind CHECK ((kind = ANY (ARRAY['EARNED'::text, 'BONUS'::text, 'ACTIVATED'::text, 'REDEEMED'::text, 'RETURNED'::text, 'REFUNDED'::text, 'EXPIRED'::text, 'ADJUSTED'::text, 'REVERSED'::text, 'GIFT_SENT'::text, 'GIFT_RETURNED'::text, 'GIFT_RECEIVED'::text, 'GIFT_SETTLED'::text, 'VOUCHER_USED'::text, 'VOUCHER_REOPENED'::text, 'CHANGED'::text]))),
    CONSTRAINT entries_moves CHECK (((points <> 0) OR (pending_points <> 0) OR (reserved_points <> 0) OR (kind = ANY (ARRAY['EARNED'::text, 'REDEEMED'::text, 'RETURNED'::text, 'REFUNDED'::text, 'CHANGED'::text])))),
    CONSTRAINT entries_reasons CHECK (((json_typeof(reasons) = 'array'::text) AND (octet_length((reasons)::text) <= 8192))),
    CONSTRAINT entries_reverses CHECK (((reverses_seq < seq) AND ((reverses_seq IS NOT NULL) OR (NOT reverses_wholly)))),
    CONSTRAINT entries_seq CHECK ((seq >= 1))
);

COMMENT ON TABLE public.entries IS 'Every change of a card, numbered without gaps, with what stood on the card after it. GIFT_SETTLED, VOUCHER_USED and VOUCHER_REOPENED move only what is reserved, CHANGED moves nothing; these are not shown in the history. Others that move no points tell of stamps.';

COMMENT ON COLUMN public.entries.reasons IS 'json, which keeps the text as it was written: the hash is over that text.';

COMMENT ON COLUMN public.entries.hash IS 'SHA-256 over the hash of the entry before it and the canonical text of this one, so that no entry can be changed, dropped or swapped alone.';

CREATE TABLE public.expiry_notices (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    expires_on date NOT NULL,
    points bigint NOT NULL,
    noticed_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.expiry_notices IS 'Which mails that points are about to expire were written, so that none is written twice.';

CREATE TABLE public.gift_card_activities (
    merchant_id uuid NOT NULL,
    gift_card_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    amount_minor bigint NOT NULL,
    balance_after_minor bigint NOT NULL,
    other_gift_card_id uuid,
    other_seq bigint,
    reverses_seq bigint,
    sale_id uuid,
    refund_id uuid,
    gift_id uuid,
    payment_id uuid,
    store_id uuid,
    operator_id uuid,
    reason text,
    occurred_at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT gift_card_activities_balance CHECK ((balance_after_minor >= 0)),
    CONSTRAINT gift_card_activities_hash_length CHECK ((octet_length(hash) = 32)),
    CONSTRAINT gift_card_activities_kind CHECK (
CASE
    WHEN (kind = ANY (ARRAY['ACTIVATE'::text, 'LOAD'::text, 'REFUND'::text, 'IMPORT'::text, 'TRANSFER_IN'::text])) THEN (amount_minor > 0)
    WHEN (kind = ANY (ARRAY['REDEEM'::text, 'EXPIRE'::text, 'TRANSFER_OUT'::text])) THEN (amount_minor < 0)
    WHEN (kind = 'ADJUST'::text) THEN ((amount_minor <> 0) AND (reason IS NOT NULL))
    WHEN (kind = 'DEACTIVATE'::text) THEN ((amount_minor <= 0) AND (balance_after_minor = 0))
    WHEN (kind = ANY (ARRAY['BLOCK'::text, 'UNBLOCK'::text])) THEN ((amount_minor = 0) AND (reason IS NOT NULL))
    ELSE false
END),
    CONSTRAINT gift_card_activities_reason_length CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 200))),
    CONSTRAINT gift_card_activities_seq CHECK ((seq >= 1)),
    CONSTRAINT gift_card_activities_transfer CHECK ((((kind = ANY (ARRAY['TRANSFER_IN'::text, 'TRANSFER_OUT'::text])) = (other_gift_card_id IS NOT NULL)) AND ((other_gift_card_id IS NULL) = (other_seq IS NULL))))
);

COMMENT ON TABLE public.gift_card_activities IS 'Every change of a gift card, numbered without gaps, with what stood on it after. Each is one movement of money between the card and one other side: what was sold, what was spent, what the merchant adjusted, what expired, or another card.';

CREATE TABLE public.gift_card_requests (
    merchant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    idempotency_key uuid NOT NULL,
    input_hash bytea NOT NULL,
    from_gift_card_id uuid NOT NULL,
    to_gift_card_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT gift_card_requests_hash_length CHECK ((octet_length(input_hash) = 32))
);

COMMENT ON TABLE public.gift_card_requests IS 'Balance that customers moved between their own cards. The key makes asking twice asking once.';

CREATE TABLE public.gift_cards (
    merchant_id uuid NOT NULL,
    gift_card_id uuid DEFAULT uuidv7() NOT NULL,
    program_id uuid NOT NULL,
    number_hash bytea NOT NULL,
    last4 text NOT NULL,
    pin_hash bytea NOT NULL,
    currency text NOT NULL,
    state text NOT NULL,
    balance_minor bigint DEFAULT 0 NOT NULL,
    owner_customer_id uuid,
    gift_id uuid,
    expires_at timestamp with time zone,
    revision bigint DEFAULT 0 NOT NULL,
    chain bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT gift_cards_balance CHECK ((((balance_minor >= 0) AND (balance_minor <= 2147483647)) AND ((balance_minor = 0) OR (state = ANY (ARRAY['ACTIVE'::text, 'BLOCKED'::text]))))),
    CONSTRAINT gift_cards_chain_length CHECK ((octet_length(chain) = 32)),
    CONSTRAINT gift_cards_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT gift_cards_last4_form CHECK ((last4 ~ '^[0-9]{4}$'::text)),
    CONSTRAINT gift_cards_number_length CHECK ((octet_length(number_hash) = 32)),
    CONSTRAINT gift_cards_pin_length CHECK ((octet_length(pin_hash) = 32)),
    CONSTRAINT gift_cards_revision CHECK ((revision >= 0)),
    CONSTRAINT gift_cards_state CHECK ((state = ANY (ARRAY['PENDING'::text, 'ACTIVE'::text, 'BLOCKED'::text, 'DEACTIVATED'::text])))
);

COMMENT ON TABLE public.gift_cards IS 'Stored money value. Its number and PIN are shown once and kept as keyed hashes.';

COMMENT ON COLUMN public.gift_cards.gift_id IS 'The gift that the value came by. Until that is claimed nobody owns the card: it is the gift''s escrow.';

COMMENT ON COLUMN public.gift_cards.revision IS 'The seq of the newest activity.';

COMMENT ON COLUMN public.gift_cards.chain IS 'The hash of the newest activity; before there is one, the start of the chain, which names the merchant and the card.';

CREATE TABLE public.gift_cards_replaced (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    gift_card_id uuid NOT NULL,
    by_gift_card_id uuid NOT NULL,
    CONSTRAINT gift_cards_replaced_by_another CHECK ((by_gift_card_id <> gift_card_id))
);

COMMENT ON TABLE public.gift_cards_replaced IS 'The card that was made to take what a sale gives back to one that had paid and can take nothing any more: one for all parts of the return.';

CREATE TABLE public.gift_cards_sold (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    "position" integer NOT NULL,
    gift_card_id uuid NOT NULL,
    seq bigint NOT NULL
);

COMMENT ON TABLE public.gift_cards_sold IS 'Which card a line of a sale made or loaded, and by which activity.';

CREATE TABLE public.gift_designs (
    merchant_id uuid NOT NULL,
    design_id uuid DEFAULT uuidv7() NOT NULL,
    program_id uuid NOT NULL,
    name text NOT NULL,
    alt_text text NOT NULL,
    media_type text NOT NULL,
    image bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT gift_designs_alt_text_length CHECK (((char_length(alt_text) >= 1) AND (char_length(alt_text) <= 200))),
    CONSTRAINT gift_designs_image_length CHECK (((octet_length(image) >= 1) AND (octet_length(image) <= 262144))),
    CONSTRAINT gift_designs_media_type CHECK ((media_type = ANY (ARRAY['image/svg+xml'::text, 'image/png'::text]))),
    CONSTRAINT gift_designs_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80)))
);

COMMENT ON TABLE public.gift_designs IS 'Pictures that a sender can choose from. One that is retired stays with the gifts that have it.';

CREATE TABLE public.gift_events (
    merchant_id uuid NOT NULL,
    event_id uuid DEFAULT uuidv7() NOT NULL,
    gift_id uuid NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    customer_id uuid,
    idempotency_key uuid,
    input_hash bytea,
    recipient_email_key text,
    CONSTRAINT gift_events_hash_length CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT gift_events_keyed CHECK ((((idempotency_key IS NULL) = (input_hash IS NULL)) AND ((idempotency_key IS NULL) OR (customer_id IS NOT NULL) OR (kind = 'DECLINED'::text)))),
    CONSTRAINT gift_events_kind CHECK ((kind = ANY (ARRAY['CREATED'::text, 'PAID'::text, 'SENT'::text, 'DELIVERED'::text, 'BOUNCED'::text, 'RESENT'::text, 'RESCHEDULED'::text, 'REMINDED'::text, 'VIEWED'::text, 'CLAIMED'::text, 'DECLINED'::text, 'CANCELLED'::text, 'RETURNED'::text, 'THANKED'::text]))),
    CONSTRAINT gift_events_recipient CHECK (((recipient_email_key IS NOT NULL) = (kind = ANY (ARRAY['CREATED'::text, 'RESENT'::text])))),
    CONSTRAINT gift_events_recipient_length CHECK (((char_length(recipient_email_key) >= 3) AND (char_length(recipient_email_key) <= 254)))
);

COMMENT ON TABLE public.gift_events IS 'What happened to a gift, when and by whom. What a person did carries the key that makes doing it twice doing it once.';

COMMENT ON COLUMN public.gift_events.recipient_email_key IS 'To which mailbox the mail of this was to go. The limits count these: the gift itself knows only the latest.';

CREATE TABLE public.gift_links (
    link_hash bytea NOT NULL,
    merchant_id uuid NOT NULL,
    gift_id uuid NOT NULL,
    email_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT gift_links_email_hash_length CHECK ((octet_length(email_hash) = 32)),
    CONSTRAINT gift_links_hash_length CHECK ((octet_length(link_hash) = 32))
);

COMMENT ON TABLE public.gift_links IS 'SHA-256 of each link that was mailed. The link itself exists only in the mail.';

COMMENT ON COLUMN public.gift_links.email_hash IS 'SHA-256 of the key of the mailbox that this link was mailed to, as in mail_suppressions: the gift may go to another later.';

CREATE TABLE public.gifts (
    merchant_id uuid NOT NULL,
    gift_id uuid DEFAULT uuidv7() NOT NULL,
    program_id uuid NOT NULL,
    sender_customer_id uuid NOT NULL,
    sender_card_id uuid NOT NULL,
    kind text DEFAULT 'POINTS'::text NOT NULL,
    sent_seq bigint,
    account_id uuid,
    points bigint,
    value_minor bigint,
    currency text,
    reward_id uuid,
    design_id uuid,
    recipient_name text NOT NULL,
    recipient_email text NOT NULL,
    recipient_email_key text NOT NULL,
    message text,
    locale text NOT NULL,
    status text NOT NULL,
    delivery integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    deliver_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    claimable_until timestamp with time zone NOT NULL,
    return_days integer NOT NULL,
    closed_at timestamp with time zone,
    held_until timestamp with time zone,
    mailbox_only boolean DEFAULT false NOT NULL,
    viewed_at timestamp with time zone,
    reminded_at timestamp with time zone,
    thanks text,
    delivery_problem text,
    claimed_by_customer_id uuid,
    claimed_card_id uuid,
    claimed_seq bigint,
    claimed_voucher_id uuid,
    CONSTRAINT gifts_claimed CHECK ((((status = 'CLAIMED'::text) = (claimed_card_id IS NOT NULL)) AND ((claimed_card_id IS NULL) = (claimed_by_customer_id IS NULL)) AND ((claimed_seq IS NOT NULL) = ((status = 'CLAIMED'::text) AND (kind = 'POINTS'::text))) AND ((claimed_voucher_id IS NOT NULL) = ((status = 'CLAIMED'::text) AND (kind = 'REWARD'::text))))),
    CONSTRAINT gifts_closed CHECK (((status = ANY (ARRAY['CLAIMED'::text, 'DECLINED'::text, 'CANCELLED'::text, 'RETURNED'::text])) = (closed_at IS NOT NULL))),
    CONSTRAINT gifts_delivery_problem_length CHECK (((char_length(delivery_problem) >= 1) AND (char_length(delivery_problem) <= 200))),
    CONSTRAINT gifts_kind CHECK ((kind = ANY (ARRAY['POINTS'::text, 'VALUE'::text, 'REWARD'::text]))),
    CONSTRAINT gifts_locale_length CHECK (((char_length(locale) >= 2) AND (char_length(locale) <= 35))),
    CONSTRAINT gifts_message_length CHECK (((char_length(message) >= 1) AND (char_length(message) <= 280))),
    CONSTRAINT gifts_points CHECK (((points > 0) AND ((points IS NOT NULL) = (kind = ANY (ARRAY['POINTS'::text, 'REWARD'::text]))) AND ((points IS NULL) = (account_id IS NULL)) AND ((points IS NULL) = (sent_seq IS NULL)))),
    CONSTRAINT gifts_recipient_email_key_length CHECK (((char_length(recipient_email_key) >= 3) AND (char_length(recipient_email_key) <= 254))),
    CONSTRAINT gifts_recipient_email_length CHECK (((char_length(recipient_email) >= 3) AND (char_length(recipient_email) <= 254))),
    CONSTRAINT gifts_recipient_name_length CHECK (((char_length(recipient_name) >= 1) AND (char_length(recipient_name) <= 80))),
    CONSTRAINT gifts_return_days CHECK (((return_days >= 1) AND (return_days <= 365))),
    CONSTRAINT gifts_reward CHECK (((reward_id IS NOT NULL) = (kind = 'REWARD'::text))),
    CONSTRAINT gifts_status CHECK (((status = ANY (ARRAY['AWAITING_PAYMENT'::text, 'SCHEDULED'::text, 'SENT'::text, 'DELIVERED'::text, 'BOUNCED'::text, 'VIEWED'::text, 'CLAIMED'::text, 'DECLINED'::text, 'CANCELLED'::text, 'RETURNED'::text])) AND ((status <> 'AWAITING_PAYMENT'::text) OR (kind = 'VALUE'::text)))),
    CONSTRAINT gifts_thanks_length CHECK (((char_length(thanks) >= 1) AND (char_length(thanks) <= 280))),
    CONSTRAINT gifts_value CHECK (((value_minor > 0) AND ((value_minor IS NOT NULL) = (kind = 'VALUE'::text)) AND ((value_minor IS NULL) = (currency IS NULL))))
);

COMMENT ON TABLE public.gifts IS 'An e-gift. Open, its points, or those that its reward costs, stand in its own account; closed, they are on the recipient''s card, were turned into a voucher, or are back in the sender''s lots. Money value stands on the gift card that names the gift.';

COMMENT ON COLUMN public.gifts.recipient_email_key IS 'What makes two spellings one mailbox, as in customers: the mailbox that the next mail goes to.';

COMMENT ON COLUMN public.gifts.delivery IS 'Grows with every resend, so that a mail that was overtaken is not sent.';

COMMENT ON COLUMN public.gifts.return_days IS 'The rule that was in force when the gift was made: so long after its mail it goes back.';

COMMENT ON COLUMN public.gifts.held_until IS 'The mail waits until then: a large first gift.';

COMMENT ON COLUMN public.gifts.mailbox_only IS 'Only whoever reads the mailbox that it was sent to can claim it: the rule that was in force when it was made.';

COMMENT ON COLUMN public.gifts.viewed_at IS 'When a person, not a mail scanner, first had it before their eyes.';

COMMENT ON COLUMN public.gifts.reminded_at IS 'When both were told that it goes back soon. Sending it again begins its days anew, and so it ends this.';

COMMENT ON COLUMN public.gifts.delivery_problem IS 'A code of the reason why the mail was refused; the words for it are made for the reader.';

CREATE TABLE public.look_ups (
    merchant_id uuid NOT NULL,
    look_up_id uuid DEFAULT uuidv7() NOT NULL,
    terminal_id uuid NOT NULL,
    operator_id uuid,
    kind text NOT NULL,
    subject_hash bytea NOT NULL,
    found boolean NOT NULL,
    looked_up_at timestamp with time zone NOT NULL,
    CONSTRAINT look_ups_hash_length CHECK ((octet_length(subject_hash) = 32)),
    CONSTRAINT look_ups_kind CHECK ((kind = ANY (ARRAY['EMAIL'::text, 'PHONE'::text])))
);

COMMENT ON TABLE public.look_ups IS 'Which till asked when for somebody''s card by an address or a number, and whether there was one.';

COMMENT ON COLUMN public.look_ups.subject_hash IS 'Keyed hash of the address or number, so that it can be told who asked for a given one, and no list of customers can be read from it.';

CREATE TABLE public.lot_movements (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL,
    lot_id uuid NOT NULL,
    points bigint NOT NULL,
    CONSTRAINT lot_movements_points CHECK ((points <> 0))
);

COMMENT ON TABLE public.lot_movements IS 'What each entry put into or took out of which lot, so that giving back restores the lots it came from. What remains of a lot is their sum.';

CREATE TABLE public.lots (
    merchant_id uuid NOT NULL,
    lot_id uuid DEFAULT uuidv7() NOT NULL,
    program_id uuid NOT NULL,
    card_id uuid NOT NULL,
    source_seq bigint NOT NULL,
    sale_id uuid,
    points bigint NOT NULL,
    remaining bigint NOT NULL,
    activates_at timestamp with time zone NOT NULL,
    activated_at timestamp with time zone,
    expires_at timestamp with time zone,
    sliding_months smallint,
    notice_days smallint,
    notice_at timestamp with time zone,
    held boolean DEFAULT false NOT NULL,
    CONSTRAINT lots_dates CHECK ((expires_at > activates_at)),
    CONSTRAINT lots_held CHECK (((NOT held) OR (activated_at IS NULL))),
    CONSTRAINT lots_notice CHECK ((((notice_days >= 1) AND (notice_days <= 90)) AND (notice_at < expires_at) AND ((notice_at IS NULL) OR (notice_days IS NOT NULL)))),
    CONSTRAINT lots_points CHECK ((points > 0)),
    CONSTRAINT lots_remaining CHECK (((remaining >= 0) AND (remaining <= points))),
    CONSTRAINT lots_sliding CHECK (((sliding_months IS NULL) OR (((sliding_months >= 1) AND (sliding_months <= 120)) AND (expires_at IS NOT NULL))))
);

COMMENT ON TABLE public.lots IS 'Points from one earning, with their own dates. The soonest to expire is spent first.';

COMMENT ON COLUMN public.lots.activated_at IS 'Null while the points are pending.';

COMMENT ON COLUMN public.lots.sliding_months IS 'Where points lapse for want of activity: every activity of the card puts expires_at so many months ahead.';

COMMENT ON COLUMN public.lots.notice_days IS 'So long before the points expire their owner is told; null where nobody is.';

COMMENT ON COLUMN public.lots.notice_at IS 'When next to see whether to tell the owner that the points expire; null once that is done.';

COMMENT ON COLUMN public.lots.held IS 'Whether the merchant has to look at the sale first: until then the points stay pending.';

CREATE TABLE public.mail_deliveries (
    token_hash bytea NOT NULL,
    topic text NOT NULL,
    merchant_id uuid,
    gift_id uuid,
    delivery integer,
    email_hash bytea NOT NULL,
    message_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    bounced_at timestamp with time zone,
    complained_at timestamp with time zone,
    CONSTRAINT mail_deliveries_email_hash_length CHECK ((octet_length(email_hash) = 32)),
    CONSTRAINT mail_deliveries_gift CHECK ((((gift_id IS NULL) = (delivery IS NULL)) AND ((gift_id IS NULL) OR (merchant_id IS NOT NULL)))),
    CONSTRAINT mail_deliveries_message_id_length CHECK (((char_length(message_id) >= 1) AND (char_length(message_id) <= 255))),
    CONSTRAINT mail_deliveries_token_hash_length CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT mail_deliveries_topic_length CHECK (((char_length(topic) >= 1) AND (char_length(topic) <= 60)))
);

COMMENT ON TABLE public.mail_deliveries IS 'Each mail that was offered to the mail server in the last weeks, so that what comes back later finds what it is about. It is forgotten then, and so is what a report says of it.';

COMMENT ON COLUMN public.mail_deliveries.token_hash IS 'SHA-256 of the token in the envelope sender. The token itself exists only there.';

COMMENT ON COLUMN public.mail_deliveries.delivery IS 'The how-manieth mail of the gift: a report of one that was overtaken says nothing of the gift.';

COMMENT ON COLUMN public.mail_deliveries.email_hash IS 'SHA-256 of the key of the mailbox that it went to.';

COMMENT ON COLUMN public.mail_deliveries.bounced_at IS 'When we first heard that it came back, as complained_at that it was called spam: what is told twice does not undo what the operator did since.';

CREATE TABLE public.mail_paces (
    domain text NOT NULL,
    next_at timestamp with time zone NOT NULL,
    queue_at timestamp with time zone NOT NULL,
    CONSTRAINT mail_paces_domain_length CHECK (((char_length(domain) >= 1) AND (char_length(domain) <= 254)))
);

COMMENT ON TABLE public.mail_paces IS 'How far ahead of its pace the mail to a domain is. One row a domain, so that all workers together keep it.';

COMMENT ON COLUMN public.mail_paces.next_at IS 'When all that was sent so far would have left at an even pace.';

COMMENT ON COLUMN public.mail_paces.queue_at IS 'When the last mail that was told to wait has its turn.';

CREATE TABLE public.mail_suppressions (
    email_hash bytea NOT NULL,
    reason text NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    CONSTRAINT mail_suppressions_email_hash_length CHECK ((octet_length(email_hash) = 32)),
    CONSTRAINT mail_suppressions_reason CHECK ((reason = ANY (ARRAY['UNWANTED'::text, 'BOUNCED'::text, 'COMPLAINED'::text, 'MANUAL'::text]))),
    CONSTRAINT mail_suppressions_time CHECK ((until > since))
);

COMMENT ON TABLE public.mail_suppressions IS 'Mailboxes that get no gift mail, whoever the gift is from, a row for each reason. SHA-256 of the key of the address, not the address.';

COMMENT ON COLUMN public.mail_suppressions.reason IS 'UNWANTED: its owner asked us to. BOUNCED: the mailbox does not exist. COMPLAINED: its owner called our mail spam. MANUAL: the operator entered it.';

COMMENT ON COLUMN public.mail_suppressions.until IS 'When it is tried again: mailboxes that failed may come back. Null: never by itself.';

CREATE TABLE public.merchants (
    merchant_id uuid DEFAULT uuidv7() NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    locale text NOT NULL,
    timezone text NOT NULL,
    country text NOT NULL,
    contact_email text,
    operators_required boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT merchants_contact_email_length CHECK (((char_length(contact_email) >= 3) AND (char_length(contact_email) <= 254))),
    CONSTRAINT merchants_country_form CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT merchants_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT merchants_locale_length CHECK (((char_length(locale) >= 2) AND (char_length(locale) <= 35))),
    CONSTRAINT merchants_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT merchants_timezone_length CHECK (((char_length(timezone) >= 1) AND (char_length(timezone) <= 64)))
);

COMMENT ON TABLE public.merchants IS 'A business. Everything that belongs to it names it first, in every key.';

COMMENT ON COLUMN public.merchants.country IS 'ISO 3166-1, of whose law the life of its gift cards is a matter.';

COMMENT ON COLUMN public.merchants.contact_email IS 'Who is told of a payment that was disputed; null for nobody.';

COMMENT ON COLUMN public.merchants.operators_required IS 'Whether nothing is sold or taken back at its tills without somebody''s PIN.';

CREATE TABLE public.operators (
    merchant_id uuid NOT NULL,
    operator_id uuid DEFAULT uuidv7() NOT NULL,
    name text NOT NULL,
    pin_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT operators_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT operators_pin_hash_length CHECK ((octet_length(pin_hash) = 32))
);

COMMENT ON TABLE public.operators IS 'The people who stand at a merchant''s tills.';

COMMENT ON COLUMN public.operators.pin_hash IS 'HMAC of the PIN with a key that is not in the database. No two people of a merchant have one PIN at a time.';

CREATE TABLE public.outbox (
    outbox_id bigint NOT NULL,
    topic text NOT NULL,
    urgent boolean DEFAULT false NOT NULL,
    payload jsonb NOT NULL,
    run_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    postponed integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone,
    last_error text,
    dead_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT outbox_attempts CHECK (((postponed >= 0) AND (attempts >= postponed))),
    CONSTRAINT outbox_last_error_length CHECK ((char_length(last_error) <= 500)),
    CONSTRAINT outbox_payload_length CHECK ((octet_length((payload)::text) <= 4096)),
    CONSTRAINT outbox_topic_length CHECK (((char_length(topic) >= 1) AND (char_length(topic) <= 60)))
);

COMMENT ON TABLE public.outbox IS 'Work for the worker. A row is deleted when it is done; one that failed too often is dead and stays to be looked at. Payloads hold ids, never secrets: a code or link is made when its mail is.';

COMMENT ON COLUMN public.outbox.urgent IS 'Somebody is waiting for it: whatever else is due comes after it.';

COMMENT ON COLUMN public.outbox.postponed IS 'How many of the attempts only found that it is not its turn: they do not count towards giving it up.';

COMMENT ON COLUMN public.outbox.locked_until IS 'The lease of the worker that has it; past it, another may take it.';

ALTER TABLE public.outbox ALTER COLUMN outbox_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.payment_events (
    merchant_id uuid NOT NULL,
    event_id uuid DEFAULT uuidv7() NOT NULL,
    payment_id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    provider_event_id text,
    dispute_ref text,
    refund_ref text,
    amount_minor bigint,
    at timestamp with time zone NOT NULL,
    CONSTRAINT payment_events_dispute CHECK (((dispute_ref IS NOT NULL) = (kind = ANY (ARRAY['DISPUTED'::text, 'DISPUTE_WON'::text])))),
    CONSTRAINT payment_events_dispute_length CHECK (((char_length(dispute_ref) >= 1) AND (char_length(dispute_ref) <= 255))),
    CONSTRAINT payment_events_kind CHECK ((kind = ANY (ARRAY['CREATED'::text, 'PENDING'::text, 'PAID'::text, 'FAILED'::text, 'CANCELLED'::text, 'REFUNDING'::text, 'REFUNDED'::text, 'REFUND_FAILED'::text, 'DISPUTED'::text, 'DISPUTE_WON'::text]))),
    CONSTRAINT payment_events_provider_event_length CHECK (((char_length(provider_event_id) >= 1) AND (char_length(provider_event_id) <= 255))),
    CONSTRAINT payment_events_refund CHECK (((refund_ref IS NOT NULL) = (kind = 'REFUND_FAILED'::text))),
    CONSTRAINT payment_events_refund_length CHECK (((char_length(refund_ref) >= 1) AND (char_length(refund_ref) <= 255))),
    CONSTRAINT payment_events_source CHECK ((source = ANY (ARRAY['API'::text, 'WEBHOOK'::text, 'RECONCILIATION'::text])))
);

COMMENT ON TABLE public.payment_events IS 'Every change of a payment, and who told us of it.';

CREATE TABLE public.payments (
    merchant_id uuid NOT NULL,
    payment_id uuid DEFAULT uuidv7() NOT NULL,
    gift_id uuid NOT NULL,
    provider text NOT NULL,
    provider_ref text,
    state text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    refunded_minor bigint DEFAULT 0 NOT NULL,
    refunds_failed integer DEFAULT 0 NOT NULL,
    disputed_at timestamp with time zone,
    problem text,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    closed_at timestamp with time zone,
    look_at timestamp with time zone,
    waits_since timestamp with time zone,
    CONSTRAINT payments_amount CHECK (((amount_minor > 0) AND ((refunded_minor >= 0) AND (refunded_minor <= amount_minor)))),
    CONSTRAINT payments_closed CHECK (((state = ANY (ARRAY['FAILED'::text, 'CANCELLED'::text, 'REFUNDED'::text])) = (closed_at IS NOT NULL))),
    CONSTRAINT payments_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT payments_paid CHECK (((state = ANY (ARRAY['PAID'::text, 'REFUNDING'::text, 'REFUNDED'::text])) = (paid_at IS NOT NULL))),
    CONSTRAINT payments_problem_length CHECK (((char_length(problem) >= 1) AND (char_length(problem) <= 200))),
    CONSTRAINT payments_provider_form CHECK ((provider ~ '^[a-z]{1,20}$'::text)),
    CONSTRAINT payments_ref CHECK (((state = ANY (ARRAY['CREATED'::text, 'CANCELLED'::text, 'FAILED'::text])) OR (provider_ref IS NOT NULL))),
    CONSTRAINT payments_ref_length CHECK (((char_length(provider_ref) >= 1) AND (char_length(provider_ref) <= 255))),
    CONSTRAINT payments_refunded CHECK (((state = 'REFUNDED'::text) OR (refunded_minor < amount_minor))),
    CONSTRAINT payments_state CHECK ((state = ANY (ARRAY['CREATED'::text, 'PENDING'::text, 'PAID'::text, 'FAILED'::text, 'CANCELLED'::text, 'REFUNDING'::text, 'REFUNDED'::text]))),
    CONSTRAINT payments_waits CHECK (((waits_since IS NULL) OR (state = 'REFUNDING'::text)))
);

COMMENT ON TABLE public.payments IS 'Money on its way in for a gift, or back to where it came from. What the provider says is the truth; this is what we know of it.';

COMMENT ON COLUMN public.payments.refunds_failed IS 'How often money that was sent back did not arrive. The provider sends again what it is asked for by another key, and this is a part of the key.';

COMMENT ON COLUMN public.payments.changed_at IS 'When its state last changed: the longer ago, the more rarely the provider is asked.';

COMMENT ON COLUMN public.payments.look_at IS 'When next to ask the provider how it stands; null once nothing can change.';

COMMENT ON COLUMN public.payments.waits_since IS 'Since when a person has to decide how the money goes back, as what was sent back did not arrive: until then the provider is asked, and told nothing.';

CREATE TABLE public.program_directory (
    number bigint NOT NULL,
    slug text NOT NULL,
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    CONSTRAINT program_directory_number_range CHECK (((number >= 1) AND (number <= '4294967295'::bigint))),
    CONSTRAINT program_directory_slug_length CHECK (((char_length(slug) >= 1) AND (char_length(slug) <= 64)))
);

COMMENT ON TABLE public.program_directory IS 'Leads from what the outside knows (a poster''s slug, the number in a check-in code) to the merchant. Small, and the same on every node.';

ALTER TABLE public.program_directory ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.program_directory_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.program_logos (
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    logo_id uuid DEFAULT gen_random_uuid() NOT NULL,
    media_type text NOT NULL,
    image bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT program_logos_image_length CHECK (((octet_length(image) >= 1) AND (octet_length(image) <= 262144))),
    CONSTRAINT program_logos_media_type CHECK ((media_type = ANY (ARRAY['image/svg+xml'::text, 'image/png'::text])))
);

COMMENT ON TABLE public.program_logos IS 'The picture that stands for a program, one at most. What was replaced or taken away is gone.';

COMMENT ON COLUMN public.program_logos.logo_id IS 'New with every picture: what it names is never changed, so whoever has seen it may keep it.';

CREATE TABLE public.program_revisions (
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    revision integer NOT NULL,
    rules jsonb NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    CONSTRAINT program_revisions_revision CHECK ((revision >= 1))
);

COMMENT ON TABLE public.program_revisions IS 'One immutable version of a program''s rules. A sale names the one that judged it.';

CREATE TABLE public.programs (
    merchant_id uuid NOT NULL,
    program_id uuid DEFAULT uuidv7() NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    point_name text NOT NULL,
    point_name_plural text NOT NULL,
    currency text NOT NULL,
    issued_account_id uuid NOT NULL,
    redeemed_account_id uuid NOT NULL,
    expired_account_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    color text,
    CONSTRAINT programs_color_form CHECK ((color ~ '^#[0-9a-f]{6}$'::text)),
    CONSTRAINT programs_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT programs_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT programs_point_name_length CHECK (((char_length(point_name) >= 1) AND (char_length(point_name) <= 30))),
    CONSTRAINT programs_point_name_plural_length CHECK (((char_length(point_name_plural) >= 1) AND (char_length(point_name_plural) <= 30))),
    CONSTRAINT programs_slug_form CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'::text))
);

COMMENT ON TABLE public.programs IS 'A merchant''s loyalty scheme. Its rules stand in program_revisions.';

COMMENT ON COLUMN public.programs.issued_account_id IS 'Where points come from and go back to on a refund; its balance is the sum of its transfers, no row is hot.';

COMMENT ON COLUMN public.programs.color IS 'The merchant''s colour as #rrggbb; null where one is chosen by the slug.';

CREATE UNLOGGED TABLE public.rate_limits (
    scope text NOT NULL,
    subject bytea NOT NULL,
    hits integer NOT NULL,
    window_ends_at timestamp with time zone NOT NULL,
    CONSTRAINT rate_limits_scope_length CHECK (((char_length(scope) >= 1) AND (char_length(scope) <= 40))),
    CONSTRAINT rate_limits_subject_length CHECK (((octet_length(subject) >= 1) AND (octet_length(subject) <= 64)))
);

COMMENT ON TABLE public.rate_limits IS 'How often something was tried in the running window. Unlogged: a crash forgives, nothing else.';

COMMENT ON COLUMN public.rate_limits.subject IS 'Keyed hash of who or what is counted, never the address itself.';

CREATE TABLE public.refresh_tokens (
    session_id uuid NOT NULL,
    seq integer NOT NULL,
    token_hash bytea NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT refresh_tokens_hash_length CHECK ((octet_length(token_hash) = 32)),
    CONSTRAINT refresh_tokens_seq CHECK ((seq >= 1))
);

COMMENT ON TABLE public.refresh_tokens IS 'The tokens of one session, each good for one refresh. An old one that comes back ends the session.';

CREATE TABLE public.refund_lines (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    "position" integer NOT NULL,
    refund_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    wholly boolean NOT NULL,
    CONSTRAINT refund_lines_amount CHECK (((amount_minor >= 0) AND (wholly OR (amount_minor > 0))))
);

COMMENT ON TABLE public.refund_lines IS 'How much of which lines a refund took back, of what was paid for them.';

COMMENT ON COLUMN public.refund_lines.wholly IS 'Whether nothing of the line is left with the customer. No line comes back wholly twice.';

CREATE TABLE public.refunds (
    merchant_id uuid NOT NULL,
    refund_id uuid DEFAULT uuidv7() NOT NULL,
    sale_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    points_due bigint NOT NULL,
    points_taken_back bigint NOT NULL,
    points_given_back bigint DEFAULT 0 NOT NULL,
    debt bigint DEFAULT 0 NOT NULL,
    amount_minor bigint DEFAULT 0 NOT NULL,
    operator_id uuid,
    posted_at timestamp with time zone NOT NULL,
    idempotency_key uuid NOT NULL,
    input_hash bytea NOT NULL,
    CONSTRAINT refunds_amounts CHECK (((points_given_back >= 0) AND ((debt >= (- points_given_back)) AND (debt <= points_due)) AND (amount_minor >= 0))),
    CONSTRAINT refunds_hash_length CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT refunds_points CHECK (((points_due >= 0) AND ((points_taken_back >= 0) AND (points_taken_back <= (points_due + points_given_back)))))
);

COMMENT ON TABLE public.refunds IS 'Goods that came back, and the points that went back with them.';

COMMENT ON COLUMN public.refunds.points_due IS 'What the returned lines had earned; more than points_taken_back where the customer had spent it already, or it had expired. Less where points that came back with it make up for what earlier refunds of the sale could not take.';

COMMENT ON COLUMN public.refunds.points_given_back IS 'What had been spent on rewards used on the sale.';

COMMENT ON COLUMN public.refunds.debt IS 'By how much the card owed more after it: what was due and not on the card, where the rules make the card owe it, and a debt that the sale had paid. Below zero where points that came back with it paid what earlier refunds of the sale had left owing.';

COMMENT ON COLUMN public.refunds.amount_minor IS 'What the returned goods had cost. What of it went back to gift cards, their activities say; the rest is due to the customer.';

CREATE TABLE public.rewards (
    merchant_id uuid NOT NULL,
    reward_id uuid DEFAULT uuidv7() NOT NULL,
    program_id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    description text,
    kind text NOT NULL,
    amount_minor bigint,
    percent smallint,
    ceiling_minor bigint,
    categories text[] DEFAULT '{}'::text[] NOT NULL,
    skus text[] DEFAULT '{}'::text[] NOT NULL,
    cost_points bigint,
    cost_stamps integer,
    stock integer,
    per_member integer,
    tiers text[] DEFAULT '{}'::text[] NOT NULL,
    store_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    claimable_from timestamp with time zone NOT NULL,
    claimable_until timestamp with time zone,
    voucher_days integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT rewards_amount CHECK ((((kind = 'AMOUNT_OFF'::text) = (amount_minor IS NOT NULL)) AND (amount_minor > 0))),
    CONSTRAINT rewards_ceiling CHECK (((ceiling_minor IS NULL) OR ((kind <> 'PERK'::text) AND (ceiling_minor > 0)))),
    CONSTRAINT rewards_cost CHECK (((num_nonnulls(cost_points, cost_stamps) = 1) AND (cost_points > 0) AND (cost_stamps > 0))),
    CONSTRAINT rewards_description_length CHECK (((char_length(description) >= 1) AND (char_length(description) <= 280))),
    CONSTRAINT rewards_kind CHECK ((kind = ANY (ARRAY['AMOUNT_OFF'::text, 'PERCENT_OFF'::text, 'FREE_ITEM'::text, 'PERK'::text]))),
    CONSTRAINT rewards_lists CHECK (((cardinality(categories) <= 50) AND (cardinality(skus) <= 200) AND (cardinality(tiers) <= 10) AND (cardinality(store_ids) <= 200))),
    CONSTRAINT rewards_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT rewards_per_member CHECK ((per_member >= 1)),
    CONSTRAINT rewards_percent CHECK ((((kind = 'PERCENT_OFF'::text) = (percent IS NOT NULL)) AND ((percent >= 1) AND (percent <= 100)))),
    CONSTRAINT rewards_slug_form CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$'::text)),
    CONSTRAINT rewards_stock CHECK ((stock >= 0)),
    CONSTRAINT rewards_voucher_days CHECK (((voucher_days >= 1) AND (voucher_days <= 730))),
    CONSTRAINT rewards_window CHECK ((claimable_until >= claimable_from))
);

COMMENT ON TABLE public.rewards IS 'What members can buy with points or stamps. What it costs and gives never changes; a reward ends by its date, and a new one takes its place.';

COMMENT ON COLUMN public.rewards.categories IS 'Lines of these categories, or of these skus, are what it is good for; both empty: every item.';

COMMENT ON COLUMN public.rewards.stock IS 'How many are left; null where there is no end to them. Taken by a conditional update, so never one too many.';

CREATE TABLE public.sale_discounts (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    voucher_id uuid NOT NULL,
    "position" integer NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT sale_discounts_amount CHECK ((amount_minor > 0))
);

COMMENT ON TABLE public.sale_discounts IS 'How much of which line of a sale each voucher paid.';

CREATE TABLE public.sale_lines (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    "position" integer NOT NULL,
    line_id text NOT NULL,
    kind text NOT NULL,
    sku text,
    category text,
    description text,
    quantity integer NOT NULL,
    amount_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    hundredths integer NOT NULL,
    points bigint NOT NULL,
    stamps integer DEFAULT 0 NOT NULL,
    status text NOT NULL,
    CONSTRAINT sale_lines_amount CHECK ((amount_minor >= 0)),
    CONSTRAINT sale_lines_category_length CHECK (((char_length(category) >= 1) AND (char_length(category) <= 80))),
    CONSTRAINT sale_lines_description_length CHECK (((char_length(description) >= 1) AND (char_length(description) <= 200))),
    CONSTRAINT sale_lines_hundredths CHECK (((hundredths >= 0) AND (hundredths <= 10000))),
    CONSTRAINT sale_lines_kind CHECK ((kind = ANY (ARRAY['ITEM'::text, 'SHIPPING'::text, 'FEE'::text, 'TIP'::text, 'DEPOSIT'::text, 'GIFT_CARD_SALE'::text]))),
    CONSTRAINT sale_lines_line_id_length CHECK (((char_length(line_id) >= 1) AND (char_length(line_id) <= 80))),
    CONSTRAINT sale_lines_paid CHECK (((paid_minor >= 0) AND (paid_minor <= amount_minor))),
    CONSTRAINT sale_lines_points CHECK ((points >= 0)),
    CONSTRAINT sale_lines_quantity CHECK ((quantity >= 1)),
    CONSTRAINT sale_lines_sku_length CHECK (((char_length(sku) >= 1) AND (char_length(sku) <= 80))),
    CONSTRAINT sale_lines_stamps CHECK ((stamps >= 0)),
    CONSTRAINT sale_lines_status CHECK ((status = ANY (ARRAY['EARNED'::text, 'EXCLUDED_KIND'::text, 'BELOW_MINIMUM'::text, 'NO_RULE'::text, 'CAP_REACHED'::text])))
);

COMMENT ON TABLE public.sale_lines IS 'The lines of a sale, with what each earned and why.';

COMMENT ON COLUMN public.sale_lines.paid_minor IS 'The amount less what vouchers paid.';

COMMENT ON COLUMN public.sale_lines.hundredths IS 'How often the line''s money counts, times a hundred: 100 plain, 200 doubled, 0 not at all.';

CREATE TABLE public.sale_tenders (
    merchant_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    "position" integer NOT NULL,
    gift_card_id uuid NOT NULL,
    seq bigint NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT sale_tenders_amount CHECK ((amount_minor > 0))
);

COMMENT ON TABLE public.sale_tenders IS 'The part of a bill that each gift card paid, in the order in which it was named. What comes back goes to the last of them first.';

CREATE TABLE public.sales (
    merchant_id uuid NOT NULL,
    sale_id uuid DEFAULT uuidv7() NOT NULL,
    store_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    program_id uuid NOT NULL,
    revision integer NOT NULL,
    card_id uuid NOT NULL,
    visit_id uuid,
    receipt_number text NOT NULL,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    discount_minor bigint DEFAULT 0 NOT NULL,
    points bigint NOT NULL,
    bonus_points bigint DEFAULT 0 NOT NULL,
    visit_points bigint DEFAULT 0 NOT NULL,
    capped_points bigint DEFAULT 0 NOT NULL,
    kept_points bigint DEFAULT 0 NOT NULL,
    kept_minor bigint DEFAULT 0 NOT NULL,
    stamps integer DEFAULT 0 NOT NULL,
    tier_after text,
    wholly_returned boolean DEFAULT false NOT NULL,
    offline boolean NOT NULL,
    operator_id uuid,
    review text,
    review_reason text,
    reviewed_at timestamp with time zone,
    local_day date NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    entry_seq bigint,
    redeemed_seq bigint,
    idempotency_key uuid NOT NULL,
    input_hash bytea NOT NULL,
    CONSTRAINT sales_bonus CHECK ((((bonus_points >= 0) AND (bonus_points <= points)) AND ((visit_points >= 0) AND (visit_points <= bonus_points)))),
    CONSTRAINT sales_capped CHECK ((capped_points >= 0)),
    CONSTRAINT sales_currency_form CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT sales_discount CHECK (((discount_minor >= 0) AND (discount_minor <= total_minor))),
    CONSTRAINT sales_hash_length CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT sales_points CHECK ((points >= 0)),
    CONSTRAINT sales_receipt_number_length CHECK (((char_length(receipt_number) >= 1) AND (char_length(receipt_number) <= 80))),
    CONSTRAINT sales_review CHECK (((review = ANY (ARRAY['HELD'::text, 'RELEASED'::text, 'REFUSED'::text])) AND ((review IS NULL) = (review_reason IS NULL)))),
    CONSTRAINT sales_review_reason_length CHECK (((char_length(review_reason) >= 1) AND (char_length(review_reason) <= 60))),
    CONSTRAINT sales_reviewed CHECK (((reviewed_at IS NOT NULL) = (COALESCE(review, 'HELD'::text) <> 'HELD'::text))),
    CONSTRAINT sales_stamps CHECK ((stamps >= 0)),
    CONSTRAINT sales_tier_after_length CHECK (((char_length(tier_after) >= 1) AND (char_length(tier_after) <= 40))),
    CONSTRAINT sales_total CHECK ((total_minor >= 0))
);

COMMENT ON TABLE public.sales IS 'What the till recorded, and what it earned under the named revision of the rules.';

COMMENT ON COLUMN public.sales.points IS 'What it earned: the points of its lines and bonus_points.';

COMMENT ON COLUMN public.sales.visit_points IS 'The part of bonus_points that was for the visit itself, which is counted once in so many hours.';

COMMENT ON COLUMN public.sales.capped_points IS 'What it would have earned beyond a cap. Goods that come back come out of that first.';

COMMENT ON COLUMN public.sales.kept_points IS 'The points, less those of what came back: what counts for tiers and caps.';

COMMENT ON COLUMN public.sales.kept_minor IS 'What was paid on lines that can earn and have not come back: what counts for tiers by spending.';

COMMENT ON COLUMN public.sales.review IS 'HELD: its points wait until the merchant has looked at it.';

COMMENT ON COLUMN public.sales.reviewed_at IS 'When the merchant decided, or nothing was left to decide since all of it came back.';

COMMENT ON COLUMN public.sales.local_day IS 'The day of the sale at its store, by which caps count.';

COMMENT ON COLUMN public.sales.entry_seq IS 'The entry of the card that it made; null where nothing was earned.';

COMMENT ON COLUMN public.sales.redeemed_seq IS 'The entry of the card that spent points on what was used with it; null where nothing was.';

CREATE TABLE public.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone NOT NULL
);

CREATE TABLE public.sessions (
    session_id uuid DEFAULT gen_random_uuid() NOT NULL,
    customer_id uuid,
    merchant_id uuid,
    terminal_id uuid,
    device_name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_because text,
    CONSTRAINT sessions_device_name_length CHECK (((char_length(device_name) >= 1) AND (char_length(device_name) <= 80))),
    CONSTRAINT sessions_ended CHECK (((ended_at IS NULL) = (ended_because IS NULL))),
    CONSTRAINT sessions_ended_because CHECK ((ended_because = ANY (ARRAY['signed_out'::text, 'token_reused'::text, 'revoked'::text, 'replaced'::text]))),
    CONSTRAINT sessions_one_owner CHECK ((((customer_id IS NULL) <> (terminal_id IS NULL)) AND ((merchant_id IS NULL) = (terminal_id IS NULL))))
);

COMMENT ON TABLE public.sessions IS 'One device that is signed in: a customer''s phone or a terminal. The family of its refresh tokens.';

CREATE TABLE public.sign_in_attempts (
    attempt_id uuid DEFAULT gen_random_uuid() NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    locale text NOT NULL,
    client_hash bytea,
    code_hash bytea,
    tries_left smallint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    consumed_at timestamp with time zone,
    CONSTRAINT sign_in_attempts_client_hash_length CHECK ((octet_length(client_hash) = 32)),
    CONSTRAINT sign_in_attempts_code_hash_length CHECK ((octet_length(code_hash) = 32)),
    CONSTRAINT sign_in_attempts_email_key_length CHECK (((char_length(email_key) >= 3) AND (char_length(email_key) <= 254))),
    CONSTRAINT sign_in_attempts_email_length CHECK (((char_length(email) >= 3) AND (char_length(email) <= 254))),
    CONSTRAINT sign_in_attempts_locale_length CHECK (((char_length(locale) >= 2) AND (char_length(locale) <= 35))),
    CONSTRAINT sign_in_attempts_tries CHECK ((tries_left >= 0))
);

COMMENT ON TABLE public.sign_in_attempts IS 'One request for an emailed sign-in code. The same row is made for known and unknown addresses.';

COMMENT ON COLUMN public.sign_in_attempts.client_hash IS 'Keyed hash of where the request came from, so that somebody else''s wrong codes are not counted against this one.';

COMMENT ON COLUMN public.sign_in_attempts.code_hash IS 'Keyed hash of the code; null until the worker has made and mailed one.';

CREATE TABLE public.signing_keys (
    kid text NOT NULL,
    purpose text NOT NULL,
    public_key bytea NOT NULL,
    sealed_private_key bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    signs_from timestamp with time zone NOT NULL,
    verifies_until timestamp with time zone,
    CONSTRAINT signing_keys_check_in_kid CHECK (((purpose <> 'check_in'::text) OR (kid ~ '^[0-9]{2}$'::text))),
    CONSTRAINT signing_keys_kid_length CHECK (((char_length(kid) >= 2) AND (char_length(kid) <= 32))),
    CONSTRAINT signing_keys_public_key_length CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT signing_keys_purpose CHECK ((purpose = ANY (ARRAY['access'::text, 'check_in'::text, 'statement'::text]))),
    CONSTRAINT signing_keys_sealed_length CHECK (((octet_length(sealed_private_key) >= 32) AND (octet_length(sealed_private_key) <= 512)))
);

COMMENT ON TABLE public.signing_keys IS 'Ed25519 keys. The private half is sealed with the key from the settings.';

COMMENT ON COLUMN public.signing_keys.signs_from IS 'Published from created_at, used for signing from here on: verifiers learn a key before they meet it.';

COMMENT ON COLUMN public.signing_keys.verifies_until IS 'Null while it signs or will sign; then until the last thing it signed has ended.';

CREATE TABLE public.stamp_movements (
    merchant_id uuid NOT NULL,
    card_id uuid NOT NULL,
    movement_id uuid DEFAULT uuidv7() NOT NULL,
    kind text NOT NULL,
    stamps integer NOT NULL,
    stamps_after integer NOT NULL,
    sale_id uuid,
    refund_id uuid,
    voucher_id uuid,
    posted_at timestamp with time zone NOT NULL,
    CONSTRAINT stamp_movements_kind CHECK ((kind = ANY (ARRAY['COLLECTED'::text, 'TAKEN_BACK'::text, 'SPENT'::text, 'GIVEN_BACK'::text]))),
    CONSTRAINT stamp_movements_stamps CHECK (((stamps <> 0) AND ((stamps > 0) = (kind = ANY (ARRAY['COLLECTED'::text, 'GIVEN_BACK'::text])))))
);

COMMENT ON TABLE public.stamp_movements IS 'Every change of a card''s stamps: collected with a sale, taken back with a refund, spent on a voucher, given back with it. They sum to cards.stamps.';

CREATE TABLE public.stores (
    merchant_id uuid NOT NULL,
    store_id uuid DEFAULT uuidv7() NOT NULL,
    program_id uuid NOT NULL,
    name text NOT NULL,
    locale text NOT NULL,
    timezone text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT stores_locale_length CHECK (((char_length(locale) >= 2) AND (char_length(locale) <= 35))),
    CONSTRAINT stores_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT stores_timezone_length CHECK (((char_length(timezone) >= 1) AND (char_length(timezone) <= 64)))
);

COMMENT ON TABLE public.stores IS 'A shop. program_id is the program that its counter enrols people into.';

CREATE TABLE public.terminals (
    merchant_id uuid NOT NULL,
    terminal_id uuid DEFAULT uuidv7() NOT NULL,
    store_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    activated_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT terminals_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80)))
);

COMMENT ON TABLE public.terminals IS 'A till or a POS, tied to one store.';

CREATE TABLE public.transfers (
    merchant_id uuid NOT NULL,
    transfer_id uuid DEFAULT uuidv7() NOT NULL,
    program_id uuid NOT NULL,
    card_id uuid NOT NULL,
    seq bigint NOT NULL,
    from_account_id uuid NOT NULL,
    to_account_id uuid NOT NULL,
    points bigint NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    CONSTRAINT transfers_points CHECK ((points > 0)),
    CONSTRAINT transfers_two_accounts CHECK ((from_account_id <> to_account_id))
);

COMMENT ON TABLE public.transfers IS 'One movement of points from an account to another. Never changed: a correction is a new transfer, under an entry that names the old one.';

CREATE TABLE public.used_codes (
    merchant_id uuid NOT NULL,
    jti bigint NOT NULL,
    card_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    used_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE public.used_codes IS 'Check-in codes that were used up. The row is written in the transaction of what the code caused: single use without a cache.';

CREATE TABLE public.visits (
    merchant_id uuid NOT NULL,
    visit_id uuid DEFAULT uuidv7() NOT NULL,
    store_id uuid NOT NULL,
    terminal_id uuid NOT NULL,
    card_id uuid NOT NULL,
    purpose text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    already_member boolean,
    looked_up boolean DEFAULT false NOT NULL,
    operator_id uuid,
    idempotency_key uuid,
    input_hash bytea,
    CONSTRAINT visits_hash_length CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT visits_keyed CHECK ((((idempotency_key IS NULL) = (input_hash IS NULL)) AND ((idempotency_key IS NULL) = (already_member IS NULL)))),
    CONSTRAINT visits_looked_up CHECK (((NOT looked_up) OR ((idempotency_key IS NULL) AND (purpose = 'EARN'::text)))),
    CONSTRAINT visits_purpose CHECK ((purpose = ANY (ARRAY['EARN'::text, 'REDEEM'::text])))
);

COMMENT ON TABLE public.visits IS 'What a scan, an enrolment or a look-up at the counter opens: for fifteen minutes the store knows whom it serves.';

COMMENT ON COLUMN public.visits.looked_up IS 'Whether somebody typed an address or a number, and nobody showed a code: such a visit earns, and no more.';

COMMENT ON COLUMN public.visits.idempotency_key IS 'Of the enrolment that opened it; null for a scan, whose code is its own key, and for a look-up.';

CREATE TABLE public.voucher_requests (
    merchant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    idempotency_key uuid NOT NULL,
    kind text NOT NULL,
    input_hash bytea NOT NULL,
    voucher_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT voucher_requests_hash_length CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT voucher_requests_kind CHECK ((kind = ANY (ARRAY['CLAIMED'::text, 'CANCELLED'::text])))
);

COMMENT ON TABLE public.voucher_requests IS 'What customers asked for: a reward claimed, a voucher cancelled. The key makes asking twice asking once.';

CREATE TABLE public.vouchers (
    merchant_id uuid NOT NULL,
    voucher_id uuid DEFAULT uuidv7() NOT NULL,
    card_id uuid NOT NULL,
    reward_id uuid NOT NULL,
    origin text NOT NULL,
    state text NOT NULL,
    points bigint DEFAULT 0 NOT NULL,
    stamps integer DEFAULT 0 NOT NULL,
    account_id uuid,
    redeemed_seq bigint,
    created_at timestamp with time zone NOT NULL,
    usable_until timestamp with time zone,
    used_at timestamp with time zone,
    used_sale_id uuid,
    closed_at timestamp with time zone,
    CONSTRAINT vouchers_closed CHECK (((state = 'USABLE'::text) = (closed_at IS NULL))),
    CONSTRAINT vouchers_origin CHECK ((origin = ANY (ARRAY['CLAIMED'::text, 'TILL'::text, 'STAMPS'::text, 'GIFT'::text]))),
    CONSTRAINT vouchers_price CHECK (((points >= 0) AND (stamps >= 0) AND ((points = 0) = (redeemed_seq IS NULL)))),
    CONSTRAINT vouchers_state CHECK ((state = ANY (ARRAY['USABLE'::text, 'USED'::text, 'CANCELLED'::text, 'LAPSED'::text]))),
    CONSTRAINT vouchers_used CHECK ((((state = 'USED'::text) = (used_sale_id IS NOT NULL)) AND ((used_sale_id IS NULL) = (used_at IS NULL))))
);

COMMENT ON TABLE public.vouchers IS 'Rewards that were bought, or that a full punch card gave, until they are handed over. While it is USABLE its points stand in an account of its own.';

COMMENT ON COLUMN public.vouchers.origin IS 'CLAIMED in the app, bought and used in one go at the TILL, given for STAMPS, or come as a GIFT that somebody else had paid for.';

COMMENT ON COLUMN public.vouchers.redeemed_seq IS 'The entry of the card that paid for it, which names the lots to give back.';

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pk PRIMARY KEY (merchant_id, account_id);

ALTER TABLE ONLY public.activation_codes
    ADD CONSTRAINT activation_codes_pk PRIMARY KEY (code_hash);

ALTER TABLE ONLY public.builtin_payments
    ADD CONSTRAINT builtin_payments_key_unique UNIQUE (key);

ALTER TABLE ONLY public.builtin_payments
    ADD CONSTRAINT builtin_payments_pk PRIMARY KEY (ref);

ALTER TABLE ONLY public.builtin_refunds
    ADD CONSTRAINT builtin_refunds_pk PRIMARY KEY (key);

ALTER TABLE ONLY public.card_directory
    ADD CONSTRAINT card_directory_key_unique UNIQUE (customer_id, idempotency_key);

ALTER TABLE ONLY public.card_directory
    ADD CONSTRAINT card_directory_pk PRIMARY KEY (customer_id, merchant_id, program_id);

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_member_unique UNIQUE (merchant_id, program_id, customer_id);

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_number_unique UNIQUE (merchant_id, number);

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_pk PRIMARY KEY (merchant_id, card_id);

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_reference_unique UNIQUE (merchant_id, program_id, reference);

ALTER TABLE ONLY public.check_in_codes
    ADD CONSTRAINT check_in_codes_jti_unique UNIQUE (merchant_id, jti);

ALTER TABLE ONLY public.check_in_codes
    ADD CONSTRAINT check_in_codes_pk PRIMARY KEY (merchant_id, short_code);

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_email_key_unique UNIQUE (email_key);

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_phone_key_unique UNIQUE (phone_key);

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pk PRIMARY KEY (customer_id);

ALTER TABLE ONLY public.email_confirmations
    ADD CONSTRAINT email_confirmations_pk PRIMARY KEY (link_hash);

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_pk PRIMARY KEY (merchant_id, card_id, seq);

ALTER TABLE ONLY public.expiry_notices
    ADD CONSTRAINT expiry_notices_pk PRIMARY KEY (merchant_id, card_id, expires_on);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_pk PRIMARY KEY (merchant_id, gift_card_id, seq);

ALTER TABLE ONLY public.gift_card_requests
    ADD CONSTRAINT gift_card_requests_pk PRIMARY KEY (merchant_id, customer_id, idempotency_key);

ALTER TABLE ONLY public.gift_cards
    ADD CONSTRAINT gift_cards_gift_unique UNIQUE (merchant_id, gift_id);

ALTER TABLE ONLY public.gift_cards
    ADD CONSTRAINT gift_cards_number_unique UNIQUE (merchant_id, number_hash);

ALTER TABLE ONLY public.gift_cards
    ADD CONSTRAINT gift_cards_pk PRIMARY KEY (merchant_id, gift_card_id);

ALTER TABLE ONLY public.gift_cards_replaced
    ADD CONSTRAINT gift_cards_replaced_pk PRIMARY KEY (merchant_id, sale_id, gift_card_id, by_gift_card_id);

ALTER TABLE ONLY public.gift_cards_sold
    ADD CONSTRAINT gift_cards_sold_pk PRIMARY KEY (merchant_id, sale_id, "position", gift_card_id);

ALTER TABLE ONLY public.gift_designs
    ADD CONSTRAINT gift_designs_pk PRIMARY KEY (merchant_id, design_id);

ALTER TABLE ONLY public.gift_events
    ADD CONSTRAINT gift_events_key_unique UNIQUE (merchant_id, customer_id, idempotency_key);

ALTER TABLE ONLY public.gift_events
    ADD CONSTRAINT gift_events_pk PRIMARY KEY (merchant_id, event_id);

ALTER TABLE ONLY public.gift_links
    ADD CONSTRAINT gift_links_pk PRIMARY KEY (link_hash);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_pk PRIMARY KEY (merchant_id, gift_id);

ALTER TABLE ONLY public.look_ups
    ADD CONSTRAINT look_ups_pk PRIMARY KEY (merchant_id, look_up_id);

ALTER TABLE ONLY public.lot_movements
    ADD CONSTRAINT lot_movements_pk PRIMARY KEY (merchant_id, card_id, seq, lot_id);

ALTER TABLE ONLY public.lots
    ADD CONSTRAINT lots_pk PRIMARY KEY (merchant_id, lot_id);

ALTER TABLE ONLY public.mail_deliveries
    ADD CONSTRAINT mail_deliveries_pk PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.mail_paces
    ADD CONSTRAINT mail_paces_pk PRIMARY KEY (domain);

ALTER TABLE ONLY public.mail_suppressions
    ADD CONSTRAINT mail_suppressions_pk PRIMARY KEY (email_hash, reason);

ALTER TABLE ONLY public.merchants
    ADD CONSTRAINT merchants_pk PRIMARY KEY (merchant_id);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_pk PRIMARY KEY (merchant_id, operator_id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pk PRIMARY KEY (outbox_id);

ALTER TABLE ONLY public.payment_events
    ADD CONSTRAINT payment_events_pk PRIMARY KEY (merchant_id, event_id);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_gift_unique UNIQUE (merchant_id, gift_id);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_pk PRIMARY KEY (merchant_id, payment_id);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_ref_unique UNIQUE (provider, provider_ref);

ALTER TABLE ONLY public.program_directory
    ADD CONSTRAINT program_directory_pk PRIMARY KEY (number);

ALTER TABLE ONLY public.program_directory
    ADD CONSTRAINT program_directory_program_unique UNIQUE (merchant_id, program_id);

ALTER TABLE ONLY public.program_directory
    ADD CONSTRAINT program_directory_slug_unique UNIQUE (slug);

ALTER TABLE ONLY public.program_logos
    ADD CONSTRAINT program_logos_logo_unique UNIQUE (merchant_id, logo_id);

ALTER TABLE ONLY public.program_logos
    ADD CONSTRAINT program_logos_pk PRIMARY KEY (merchant_id, program_id);

ALTER TABLE ONLY public.program_revisions
    ADD CONSTRAINT program_revisions_pk PRIMARY KEY (merchant_id, program_id, revision);

ALTER TABLE ONLY public.programs
    ADD CONSTRAINT programs_pk PRIMARY KEY (merchant_id, program_id);

ALTER TABLE ONLY public.rate_limits
    ADD CONSTRAINT rate_limits_pk PRIMARY KEY (scope, subject);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_hash_unique UNIQUE (token_hash);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pk PRIMARY KEY (session_id, seq);

ALTER TABLE ONLY public.refund_lines
    ADD CONSTRAINT refund_lines_pk PRIMARY KEY (merchant_id, sale_id, "position", refund_id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_key_unique UNIQUE (merchant_id, terminal_id, idempotency_key);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_pk PRIMARY KEY (merchant_id, refund_id);

ALTER TABLE ONLY public.rewards
    ADD CONSTRAINT rewards_pk PRIMARY KEY (merchant_id, reward_id);

ALTER TABLE ONLY public.rewards
    ADD CONSTRAINT rewards_slug_unique UNIQUE (merchant_id, program_id, slug);

ALTER TABLE ONLY public.sale_discounts
    ADD CONSTRAINT sale_discounts_pk PRIMARY KEY (merchant_id, sale_id, voucher_id, "position");

ALTER TABLE ONLY public.sale_lines
    ADD CONSTRAINT sale_lines_line_id_unique UNIQUE (merchant_id, sale_id, line_id);

ALTER TABLE ONLY public.sale_lines
    ADD CONSTRAINT sale_lines_pk PRIMARY KEY (merchant_id, sale_id, "position");

ALTER TABLE ONLY public.sale_tenders
    ADD CONSTRAINT sale_tenders_card_once UNIQUE (merchant_id, sale_id, gift_card_id);

ALTER TABLE ONLY public.sale_tenders
    ADD CONSTRAINT sale_tenders_pk PRIMARY KEY (merchant_id, sale_id, "position");

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_key_unique UNIQUE (merchant_id, terminal_id, idempotency_key);

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_pk PRIMARY KEY (merchant_id, sale_id);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pk PRIMARY KEY (version);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pk PRIMARY KEY (session_id);

ALTER TABLE ONLY public.sign_in_attempts
    ADD CONSTRAINT sign_in_attempts_pk PRIMARY KEY (attempt_id);

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pk PRIMARY KEY (kid);

ALTER TABLE ONLY public.stamp_movements
    ADD CONSTRAINT stamp_movements_pk PRIMARY KEY (merchant_id, card_id, movement_id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_pk PRIMARY KEY (merchant_id, store_id);

ALTER TABLE ONLY public.terminals
    ADD CONSTRAINT terminals_pk PRIMARY KEY (merchant_id, terminal_id);

ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_pk PRIMARY KEY (merchant_id, transfer_id);

ALTER TABLE ONLY public.used_codes
    ADD CONSTRAINT used_codes_pk PRIMARY KEY (merchant_id, jti);

ALTER TABLE ONLY public.visits
    ADD CONSTRAINT visits_key_unique UNIQUE (merchant_id, terminal_id, idempotency_key);

ALTER TABLE ONLY public.visits
    ADD CONSTRAINT visits_pk PRIMARY KEY (merchant_id, visit_id);

ALTER TABLE ONLY public.voucher_requests
    ADD CONSTRAINT voucher_requests_pk PRIMARY KEY (merchant_id, customer_id, idempotency_key);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_pk PRIMARY KEY (merchant_id, voucher_id);

CREATE INDEX accounts_card ON public.accounts USING btree (merchant_id, card_id) INCLUDE (kind, balance) WHERE (balance > 0);

CREATE INDEX activation_codes_terminal ON public.activation_codes USING btree (merchant_id, terminal_id);

CREATE INDEX cards_tier_review ON public.cards USING btree (tier_review_at) WHERE (tier_review_at IS NOT NULL);

CREATE INDEX check_in_codes_card ON public.check_in_codes USING btree (merchant_id, card_id, expires_at);

CREATE INDEX check_in_codes_expiry ON public.check_in_codes USING btree (expires_at);

CREATE INDEX email_confirmations_expiry ON public.email_confirmations USING btree (expires_at);

CREATE INDEX entries_kind ON public.entries USING btree (merchant_id, card_id, kind, seq);

CREATE UNIQUE INDEX entries_one_reversal ON public.entries USING btree (merchant_id, card_id, reverses_seq) WHERE reverses_wholly;

CREATE INDEX entries_sale ON public.entries USING btree (merchant_id, sale_id) WHERE (sale_id IS NOT NULL);

CREATE INDEX gift_card_activities_sale ON public.gift_card_activities USING btree (merchant_id, sale_id) WHERE (sale_id IS NOT NULL);

CREATE INDEX gift_cards_expiry ON public.gift_cards USING btree (expires_at) WHERE ((expires_at IS NOT NULL) AND (balance_minor > 0));

CREATE INDEX gift_cards_owner ON public.gift_cards USING btree (owner_customer_id, created_at DESC) WHERE (owner_customer_id IS NOT NULL);

CREATE INDEX gift_designs_program ON public.gift_designs USING btree (merchant_id, program_id, created_at) WHERE (retired_at IS NULL);

CREATE INDEX gift_events_gift ON public.gift_events USING btree (merchant_id, gift_id, at);

CREATE INDEX gift_events_mailbox ON public.gift_events USING btree (merchant_id, recipient_email_key, at) WHERE (kind = 'CREATED'::text);

CREATE UNIQUE INDEX gift_events_nobodys_key ON public.gift_events USING btree (merchant_id, idempotency_key) WHERE ((customer_id IS NULL) AND (idempotency_key IS NOT NULL));

CREATE INDEX gift_events_sender ON public.gift_events USING btree (merchant_id, customer_id, at) WHERE (recipient_email_key IS NOT NULL);

CREATE INDEX gift_links_gift ON public.gift_links USING btree (merchant_id, gift_id);

CREATE INDEX gifts_claimant ON public.gifts USING btree (claimed_by_customer_id, closed_at DESC, gift_id DESC) WHERE (claimed_by_customer_id IS NOT NULL);

CREATE INDEX gifts_lapse ON public.gifts USING btree (claimable_until) WHERE (closed_at IS NULL);

CREATE INDEX gifts_remind ON public.gifts USING btree (claimable_until) WHERE ((closed_at IS NULL) AND (reminded_at IS NULL) AND (return_days >= 14) AND (status = ANY (ARRAY['SENT'::text, 'DELIVERED'::text, 'VIEWED'::text, 'BOUNCED'::text])));

CREATE INDEX gifts_sender ON public.gifts USING btree (merchant_id, sender_card_id, created_at DESC, gift_id DESC);

CREATE INDEX look_ups_terminal ON public.look_ups USING btree (merchant_id, terminal_id, looked_up_at);

CREATE INDEX lot_movements_lot ON public.lot_movements USING btree (merchant_id, lot_id);

CREATE INDEX lots_activation ON public.lots USING btree (activates_at) WHERE ((activated_at IS NULL) AND (remaining > 0) AND (NOT held));

CREATE INDEX lots_expiry ON public.lots USING btree (expires_at) WHERE ((remaining > 0) AND (expires_at IS NOT NULL) AND (NOT held));

CREATE INDEX lots_notice ON public.lots USING btree (notice_at) WHERE ((remaining > 0) AND (notice_at IS NOT NULL) AND (activated_at IS NOT NULL));

CREATE INDEX lots_sale ON public.lots USING btree (merchant_id, sale_id) WHERE (sale_id IS NOT NULL);

CREATE INDEX lots_sliding ON public.lots USING btree (merchant_id, card_id) WHERE ((remaining > 0) AND (sliding_months IS NOT NULL));

CREATE INDEX lots_spending ON public.lots USING btree (merchant_id, card_id, expires_at, lot_id) WHERE (remaining > 0);

CREATE INDEX mail_deliveries_age ON public.mail_deliveries USING btree (created_at);

CREATE INDEX mail_deliveries_mailbox ON public.mail_deliveries USING btree (email_hash, topic, created_at);

CREATE INDEX mail_deliveries_message ON public.mail_deliveries USING btree (message_id, created_at);

CREATE INDEX mail_paces_next ON public.mail_paces USING btree (next_at);

CREATE INDEX mail_suppressions_since ON public.mail_suppressions USING btree (since, email_hash, reason);

CREATE INDEX mail_suppressions_until ON public.mail_suppressions USING btree (until) WHERE (until IS NOT NULL);

CREATE UNIQUE INDEX operators_pin ON public.operators USING btree (merchant_id, pin_hash) WHERE (revoked_at IS NULL);

CREATE INDEX outbox_dead ON public.outbox USING btree (dead_at, outbox_id) WHERE (dead_at IS NOT NULL);

CREATE INDEX outbox_due ON public.outbox USING btree (urgent, run_at, outbox_id) WHERE (dead_at IS NULL);

CREATE INDEX outbox_failing ON public.outbox USING btree (created_at, outbox_id) WHERE ((dead_at IS NULL) AND (last_error IS NOT NULL));

CREATE INDEX payment_events_payment ON public.payment_events USING btree (merchant_id, payment_id, at);

CREATE INDEX payments_look ON public.payments USING btree (look_at) WHERE (look_at IS NOT NULL);

CREATE INDEX payments_newest ON public.payments USING btree (created_at DESC, payment_id DESC);

CREATE INDEX payments_unsettled ON public.payments USING btree (created_at DESC, payment_id DESC) WHERE ((disputed_at IS NOT NULL) OR (problem IS NOT NULL) OR (state = ANY (ARRAY['CREATED'::text, 'PENDING'::text, 'REFUNDING'::text])));

CREATE INDEX rate_limits_expiry ON public.rate_limits USING btree (window_ends_at);

CREATE INDEX refresh_tokens_expiry ON public.refresh_tokens USING btree (expires_at);

CREATE UNIQUE INDEX refund_lines_wholly_once ON public.refund_lines USING btree (merchant_id, sale_id, "position") WHERE wholly;

CREATE INDEX refunds_sale ON public.refunds USING btree (merchant_id, sale_id);

CREATE INDEX sale_discounts_voucher ON public.sale_discounts USING btree (merchant_id, voucher_id);

CREATE INDEX sales_card ON public.sales USING btree (merchant_id, card_id, occurred_at DESC);

CREATE INDEX sales_receipt ON public.sales USING btree (merchant_id, store_id, receipt_number, occurred_at DESC);

CREATE INDEX sales_review ON public.sales USING btree (merchant_id, posted_at) WHERE (review = 'HELD'::text);

CREATE INDEX sales_store ON public.sales USING btree (merchant_id, store_id, occurred_at DESC, sale_id DESC);

CREATE INDEX sales_terminal ON public.sales USING btree (merchant_id, terminal_id, posted_at);

CREATE INDEX sessions_customer ON public.sessions USING btree (customer_id, last_seen_at DESC) WHERE ((ended_at IS NULL) AND (customer_id IS NOT NULL));

CREATE INDEX sessions_terminal ON public.sessions USING btree (merchant_id, terminal_id) WHERE ((ended_at IS NULL) AND (terminal_id IS NOT NULL));

CREATE INDEX sign_in_attempts_expiry ON public.sign_in_attempts USING btree (expires_at);

CREATE INDEX transfers_entry ON public.transfers USING btree (merchant_id, card_id, seq);

CREATE INDEX used_codes_age ON public.used_codes USING btree (used_at);

CREATE INDEX visits_card ON public.visits USING btree (merchant_id, card_id, opened_at);

CREATE INDEX voucher_requests_voucher ON public.voucher_requests USING btree (merchant_id, voucher_id);

CREATE INDEX vouchers_card ON public.vouchers USING btree (merchant_id, card_id, created_at DESC);

CREATE INDEX vouchers_lapse ON public.vouchers USING btree (usable_until) WHERE ((state = 'USABLE'::text) AND (usable_until IS NOT NULL));

CREATE INDEX vouchers_sale ON public.vouchers USING btree (merchant_id, used_sale_id) WHERE (used_sale_id IS NOT NULL);

CREATE TRIGGER entries_append_only BEFORE DELETE OR UPDATE ON public.entries FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER gift_card_activities_append_only BEFORE DELETE OR UPDATE ON public.gift_card_activities FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER gift_card_requests_append_only BEFORE DELETE OR UPDATE ON public.gift_card_requests FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER gift_cards_replaced_append_only BEFORE DELETE OR UPDATE ON public.gift_cards_replaced FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER gift_cards_sold_append_only BEFORE DELETE OR UPDATE ON public.gift_cards_sold FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER gift_events_append_only BEFORE DELETE OR UPDATE ON public.gift_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER look_ups_append_only BEFORE DELETE OR UPDATE ON public.look_ups FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER lot_movements_append_only BEFORE DELETE OR UPDATE ON public.lot_movements FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER payment_events_append_only BEFORE DELETE OR UPDATE ON public.payment_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER program_revisions_append_only BEFORE DELETE OR UPDATE ON public.program_revisions FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER refund_lines_append_only BEFORE DELETE OR UPDATE ON public.refund_lines FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER sale_discounts_append_only BEFORE DELETE OR UPDATE ON public.sale_discounts FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER sale_lines_append_only BEFORE DELETE OR UPDATE ON public.sale_lines FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER sale_tenders_append_only BEFORE DELETE OR UPDATE ON public.sale_tenders FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER stamp_movements_append_only BEFORE DELETE OR UPDATE ON public.stamp_movements FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER transfers_append_only BEFORE DELETE OR UPDATE ON public.transfers FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER voucher_requests_append_only BEFORE DELETE OR UPDATE ON public.voucher_requests FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.activation_codes
    ADD CONSTRAINT activation_codes_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES public.terminals(merchant_id, terminal_id);

ALTER TABLE ONLY public.builtin_refunds
    ADD CONSTRAINT builtin_refunds_payment_fk FOREIGN KEY (ref) REFERENCES public.builtin_payments(ref);

ALTER TABLE ONLY public.card_directory
    ADD CONSTRAINT card_directory_customer_fk FOREIGN KEY (customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_customer_fk FOREIGN KEY (customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.cards
    ADD CONSTRAINT cards_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.check_in_codes
    ADD CONSTRAINT check_in_codes_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.email_confirmations
    ADD CONSTRAINT email_confirmations_customer_fk FOREIGN KEY (customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_reverses_fk FOREIGN KEY (merchant_id, card_id, reverses_seq) REFERENCES public.entries(merchant_id, card_id, seq);

ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES public.stores(merchant_id, store_id);

ALTER TABLE ONLY public.expiry_notices
    ADD CONSTRAINT expiry_notices_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_card_fk FOREIGN KEY (merchant_id, gift_card_id) REFERENCES public.gift_cards(merchant_id, gift_card_id);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES public.operators(merchant_id, operator_id);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_other_fk FOREIGN KEY (merchant_id, other_gift_card_id, other_seq) REFERENCES public.gift_card_activities(merchant_id, gift_card_id, seq) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_payment_fk FOREIGN KEY (merchant_id, payment_id) REFERENCES public.payments(merchant_id, payment_id);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_refund_fk FOREIGN KEY (merchant_id, refund_id) REFERENCES public.refunds(merchant_id, refund_id);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_reverses_fk FOREIGN KEY (merchant_id, gift_card_id, reverses_seq) REFERENCES public.gift_card_activities(merchant_id, gift_card_id, seq);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES public.sales(merchant_id, sale_id);

ALTER TABLE ONLY public.gift_card_activities
    ADD CONSTRAINT gift_card_activities_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES public.stores(merchant_id, store_id);

ALTER TABLE ONLY public.gift_card_requests
    ADD CONSTRAINT gift_card_requests_customer_fk FOREIGN KEY (customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.gift_cards
    ADD CONSTRAINT gift_cards_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES public.gifts(merchant_id, gift_id);

ALTER TABLE ONLY public.gift_cards
    ADD CONSTRAINT gift_cards_owner_fk FOREIGN KEY (owner_customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.gift_cards
    ADD CONSTRAINT gift_cards_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.gift_cards_replaced
    ADD CONSTRAINT gift_cards_replaced_by_fk FOREIGN KEY (merchant_id, by_gift_card_id) REFERENCES public.gift_cards(merchant_id, gift_card_id);

ALTER TABLE ONLY public.gift_cards_replaced
    ADD CONSTRAINT gift_cards_replaced_tender_fk FOREIGN KEY (merchant_id, sale_id, gift_card_id) REFERENCES public.sale_tenders(merchant_id, sale_id, gift_card_id);

ALTER TABLE ONLY public.gift_cards_sold
    ADD CONSTRAINT gift_cards_sold_activity_fk FOREIGN KEY (merchant_id, gift_card_id, seq) REFERENCES public.gift_card_activities(merchant_id, gift_card_id, seq);

ALTER TABLE ONLY public.gift_cards_sold
    ADD CONSTRAINT gift_cards_sold_line_fk FOREIGN KEY (merchant_id, sale_id, "position") REFERENCES public.sale_lines(merchant_id, sale_id, "position");

ALTER TABLE ONLY public.gift_designs
    ADD CONSTRAINT gift_designs_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.gift_events
    ADD CONSTRAINT gift_events_customer_fk FOREIGN KEY (customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.gift_events
    ADD CONSTRAINT gift_events_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES public.gifts(merchant_id, gift_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.gift_links
    ADD CONSTRAINT gift_links_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES public.gifts(merchant_id, gift_id);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_account_fk FOREIGN KEY (merchant_id, account_id) REFERENCES public.accounts(merchant_id, account_id);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_claimant_fk FOREIGN KEY (claimed_by_customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_claimed_entry_fk FOREIGN KEY (merchant_id, claimed_card_id, claimed_seq) REFERENCES public.entries(merchant_id, card_id, seq);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_design_fk FOREIGN KEY (merchant_id, design_id) REFERENCES public.gift_designs(merchant_id, design_id);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_reward_fk FOREIGN KEY (merchant_id, reward_id) REFERENCES public.rewards(merchant_id, reward_id);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_sender_fk FOREIGN KEY (sender_customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_sent_entry_fk FOREIGN KEY (merchant_id, sender_card_id, sent_seq) REFERENCES public.entries(merchant_id, card_id, seq);

ALTER TABLE ONLY public.gifts
    ADD CONSTRAINT gifts_voucher_fk FOREIGN KEY (merchant_id, claimed_voucher_id) REFERENCES public.vouchers(merchant_id, voucher_id);

ALTER TABLE ONLY public.look_ups
    ADD CONSTRAINT look_ups_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES public.operators(merchant_id, operator_id);

ALTER TABLE ONLY public.look_ups
    ADD CONSTRAINT look_ups_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES public.terminals(merchant_id, terminal_id);

ALTER TABLE ONLY public.lot_movements
    ADD CONSTRAINT lot_movements_entry_fk FOREIGN KEY (merchant_id, card_id, seq) REFERENCES public.entries(merchant_id, card_id, seq);

ALTER TABLE ONLY public.lot_movements
    ADD CONSTRAINT lot_movements_lot_fk FOREIGN KEY (merchant_id, lot_id) REFERENCES public.lots(merchant_id, lot_id);

ALTER TABLE ONLY public.lots
    ADD CONSTRAINT lots_source_fk FOREIGN KEY (merchant_id, card_id, source_seq) REFERENCES public.entries(merchant_id, card_id, seq);

ALTER TABLE ONLY public.mail_deliveries
    ADD CONSTRAINT mail_deliveries_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES public.gifts(merchant_id, gift_id);

ALTER TABLE ONLY public.operators
    ADD CONSTRAINT operators_merchant_fk FOREIGN KEY (merchant_id) REFERENCES public.merchants(merchant_id);

ALTER TABLE ONLY public.payment_events
    ADD CONSTRAINT payment_events_payment_fk FOREIGN KEY (merchant_id, payment_id) REFERENCES public.payments(merchant_id, payment_id);

ALTER TABLE ONLY public.payments
    ADD CONSTRAINT payments_gift_fk FOREIGN KEY (merchant_id, gift_id) REFERENCES public.gifts(merchant_id, gift_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.program_directory
    ADD CONSTRAINT program_directory_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.program_logos
    ADD CONSTRAINT program_logos_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.program_revisions
    ADD CONSTRAINT program_revisions_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.programs
    ADD CONSTRAINT programs_merchant_fk FOREIGN KEY (merchant_id) REFERENCES public.merchants(merchant_id);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_fk FOREIGN KEY (session_id) REFERENCES public.sessions(session_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.refund_lines
    ADD CONSTRAINT refund_lines_line_fk FOREIGN KEY (merchant_id, sale_id, "position") REFERENCES public.sale_lines(merchant_id, sale_id, "position");

ALTER TABLE ONLY public.refund_lines
    ADD CONSTRAINT refund_lines_refund_fk FOREIGN KEY (merchant_id, refund_id) REFERENCES public.refunds(merchant_id, refund_id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES public.operators(merchant_id, operator_id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES public.sales(merchant_id, sale_id);

ALTER TABLE ONLY public.refunds
    ADD CONSTRAINT refunds_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES public.terminals(merchant_id, terminal_id);

ALTER TABLE ONLY public.rewards
    ADD CONSTRAINT rewards_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.sale_discounts
    ADD CONSTRAINT sale_discounts_line_fk FOREIGN KEY (merchant_id, sale_id, "position") REFERENCES public.sale_lines(merchant_id, sale_id, "position");

ALTER TABLE ONLY public.sale_discounts
    ADD CONSTRAINT sale_discounts_voucher_fk FOREIGN KEY (merchant_id, voucher_id) REFERENCES public.vouchers(merchant_id, voucher_id);

ALTER TABLE ONLY public.sale_lines
    ADD CONSTRAINT sale_lines_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES public.sales(merchant_id, sale_id);

ALTER TABLE ONLY public.sale_tenders
    ADD CONSTRAINT sale_tenders_activity_fk FOREIGN KEY (merchant_id, gift_card_id, seq) REFERENCES public.gift_card_activities(merchant_id, gift_card_id, seq);

ALTER TABLE ONLY public.sale_tenders
    ADD CONSTRAINT sale_tenders_sale_fk FOREIGN KEY (merchant_id, sale_id) REFERENCES public.sales(merchant_id, sale_id);

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES public.operators(merchant_id, operator_id);

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_revision_fk FOREIGN KEY (merchant_id, program_id, revision) REFERENCES public.program_revisions(merchant_id, program_id, revision);

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES public.stores(merchant_id, store_id);

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES public.terminals(merchant_id, terminal_id);

ALTER TABLE ONLY public.sales
    ADD CONSTRAINT sales_visit_fk FOREIGN KEY (merchant_id, visit_id) REFERENCES public.visits(merchant_id, visit_id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_customer_fk FOREIGN KEY (customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES public.terminals(merchant_id, terminal_id);

ALTER TABLE ONLY public.stamp_movements
    ADD CONSTRAINT stamp_movements_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.stamp_movements
    ADD CONSTRAINT stamp_movements_voucher_fk FOREIGN KEY (merchant_id, voucher_id) REFERENCES public.vouchers(merchant_id, voucher_id);

ALTER TABLE ONLY public.stores
    ADD CONSTRAINT stores_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES public.programs(merchant_id, program_id);

ALTER TABLE ONLY public.terminals
    ADD CONSTRAINT terminals_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES public.stores(merchant_id, store_id);

ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_entry_fk FOREIGN KEY (merchant_id, card_id, seq) REFERENCES public.entries(merchant_id, card_id, seq);

ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_from_fk FOREIGN KEY (merchant_id, from_account_id) REFERENCES public.accounts(merchant_id, account_id);

ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_to_fk FOREIGN KEY (merchant_id, to_account_id) REFERENCES public.accounts(merchant_id, account_id);

ALTER TABLE ONLY public.used_codes
    ADD CONSTRAINT used_codes_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.used_codes
    ADD CONSTRAINT used_codes_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES public.terminals(merchant_id, terminal_id);

ALTER TABLE ONLY public.visits
    ADD CONSTRAINT visits_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.visits
    ADD CONSTRAINT visits_operator_fk FOREIGN KEY (merchant_id, operator_id) REFERENCES public.operators(merchant_id, operator_id);

ALTER TABLE ONLY public.visits
    ADD CONSTRAINT visits_store_fk FOREIGN KEY (merchant_id, store_id) REFERENCES public.stores(merchant_id, store_id);

ALTER TABLE ONLY public.visits
    ADD CONSTRAINT visits_terminal_fk FOREIGN KEY (merchant_id, terminal_id) REFERENCES public.terminals(merchant_id, terminal_id);

ALTER TABLE ONLY public.voucher_requests
    ADD CONSTRAINT voucher_requests_customer_fk FOREIGN KEY (customer_id) REFERENCES public.customers(customer_id);

ALTER TABLE ONLY public.voucher_requests
    ADD CONSTRAINT voucher_requests_voucher_fk FOREIGN KEY (merchant_id, voucher_id) REFERENCES public.vouchers(merchant_id, voucher_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_account_fk FOREIGN KEY (merchant_id, account_id) REFERENCES public.accounts(merchant_id, account_id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_card_fk FOREIGN KEY (merchant_id, card_id) REFERENCES public.cards(merchant_id, card_id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_entry_fk FOREIGN KEY (merchant_id, card_id, redeemed_seq) REFERENCES public.entries(merchant_id, card_id, seq);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_reward_fk FOREIGN KEY (merchant_id, reward_id) REFERENCES public.rewards(merchant_id, reward_id);

ALTER TABLE ONLY public.vouchers
    ADD CONSTRAINT vouchers_sale_fk FOREIGN KEY (merchant_id, used_sale_id) REFERENCES public.sales(merchant_id, sale_id);

GRANT SELECT,INSERT,UPDATE ON TABLE public.accounts TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.activation_codes TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.builtin_payments TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.builtin_refunds TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.card_directory TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.cards TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.check_in_codes TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.customers TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.email_confirmations TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.entries TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.expiry_notices TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.gift_card_activities TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.gift_card_requests TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.gift_cards TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.gift_cards_replaced TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.gift_cards_sold TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.gift_designs TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.gift_events TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.gift_links TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.gifts TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.look_ups TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.lot_movements TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.lots TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mail_deliveries TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mail_paces TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.mail_suppressions TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.merchants TO regulars_app;

GRANT UPDATE(operators_required) ON TABLE public.merchants TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.operators TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outbox TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.payment_events TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.payments TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.program_directory TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.program_logos TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.program_revisions TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.programs TO regulars_app;

GRANT UPDATE(color) ON TABLE public.programs TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_limits TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_tokens TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.refund_lines TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.refunds TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.rewards TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.sale_discounts TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.sale_lines TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.sale_tenders TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sales TO regulars_app;

GRANT SELECT ON TABLE public.schema_migrations TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.sessions TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sign_in_attempts TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.signing_keys TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.stamp_movements TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.stores TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.terminals TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.transfers TO regulars_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.used_codes TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.visits TO regulars_app;

GRANT SELECT,INSERT ON TABLE public.voucher_requests TO regulars_app;

GRANT SELECT,INSERT,UPDATE ON TABLE public.vouchers TO regulars_app;
