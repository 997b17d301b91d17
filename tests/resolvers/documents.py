"""The documents that the tests of several operations send."""

CARD = "fragment CardParts on Card { id revision balance { active pending reserved lifetimeEarned } }"
GIFT = """
    fragment GiftParts on Gift {
        id status points recipientName recipientEmail message deliverAt claimableUntil createdAt sentAt claimedAt
    }
"""
MEMBER = """
    fragment MemberParts on MemberCard {
        id displayName numberLast4 pointName pointNamePlural active pending revision
    }
"""
SALE = """
    fragment SaleParts on Sale {
        id receiptNumber storeName total { amountMinor currency } points refundedPoints occurredAt receiptText
        lines { lineId points status reason } due { amountMinor currency } stamps inReview
        discounts { reward { name } lineId amount { amountMinor currency } }
    }
"""

NOT_SPENT = """
            ... on InsufficientPoints { needed available }
            ... on RewardUnavailable { reasons }
            ... on VoucherNotUsable { voucher { id state } }
"""

QUOTE_PARTS = """
    fragment QuoteParts on Quote {
        id earns balanceAfter lines { lineId points status reason } total { amountMinor currency }
        discounts { reward { name } lineId amount { amountMinor currency } } due { amountMinor currency } stamps
        tierAfter receiptText expiresAt
    }
"""

JOIN_PROGRAM = (
    """
    mutation ($input: JoinProgramInput!) {
        joinProgram(input: $input) {
            __typename
            ... on ProgramJoined { alreadyMember card { number program { slug } ...CardParts } }
            ... on UserError { message }
        }
    }
"""
    + CARD
)

CREATE_CHECK_IN_CODE = """
    mutation ($input: CreateCheckInCodeInput!) {
        createCheckInCode(input: $input) {
            __typename
            ... on CheckInCode { token qrSvg shortCode purpose expiresAt refreshAt serverTime }
            ... on TooManyAttempts { retryAt }
            ... on UserError { message }
        }
    }
"""

SEND_GIFT = (
    """
    mutation ($input: SendGiftInput!) {
        sendGift(input: $input) {
            __typename
            ... on GiftSent { gift { ...GiftParts deliveryProblem card { id } } card { ...CardParts } }
            ... on InvalidInput { problems { field message } }
            ... on InsufficientPoints { needed available }
            ... on GiftLimitReached { retryAt }
            ... on UserError { message }
        }
    }
"""
    + GIFT
    + CARD
)

CANCEL_GIFT = (
    """
    mutation ($input: CancelGiftInput!) {
        cancelGift(input: $input) {
            __typename
            ... on GiftCancelled { gift { ...GiftParts } card { ...CardParts } }
            ... on GiftNotOpen { gift { id status } }
            ... on UserError { message }
        }
    }
"""
    + GIFT
    + CARD
)

RESEND_GIFT = (
    """
    mutation ($input: ResendGiftInput!) {
        resendGift(input: $input) {
            __typename
            ... on GiftResent { gift { ...GiftParts } }
            ... on InvalidInput { problems { field message } }
            ... on GiftNotOpen { gift { id status } }
            ... on TooManyAttempts { retryAt }
            ... on UserError { message }
        }
    }
"""
    + GIFT
)

CLAIM_GIFT = (
    """
    mutation ($input: ClaimGiftInput!) {
        claimGift(input: $input) {
            __typename
            ... on GiftClaimed { points senderName card { ...CardParts } }
            ... on UserError { message }
        }
    }
"""
    + CARD
)

SCAN = (
    """
    mutation ($input: ScanInput!) {
        scan(input: $input) {
            __typename
            ... on Visit { id expiresAt card { ...MemberParts } }
            ... on CodeExpired { expiredAt }
            ... on CodeAlreadyUsed { usedAt }
            ... on TooManyAttempts { retryAt }
            ... on UserError { message }
        }
    }
"""
    + MEMBER
)

QUOTE = (
    """
    mutation ($input: SaleInput!) {
        quote(input: $input) {
            __typename
            ... on Quote { ...QuoteParts }
            ... on InvalidInput { problems { field message } }
            ... on CodeExpired { expiredAt }
            ... on CodeAlreadyUsed { usedAt }
"""
    + NOT_SPENT
    + """
            ... on UserError { message }
        }
    }
"""
    + QUOTE_PARTS
)

CHECKOUT = (
    """
    mutation ($input: CheckoutInput!) {
        checkout(input: $input) {
            __typename
            ... on SaleRecorded { replayed sale { ...SaleParts } card { ...MemberParts } }
            ... on InvalidInput { problems { field message } }
            ... on CodeExpired { expiredAt }
            ... on CodeAlreadyUsed { usedAt }
            ... on QuoteChanged { quote { ...QuoteParts } }
"""
    + NOT_SPENT
    + """
            ... on UserError { message }
        }
    }
"""
    + SALE
    + MEMBER
    + QUOTE_PARTS
)

REFUND = (
    """
    mutation ($input: RefundInput!) {
        refund(input: $input) {
            __typename
            ... on SaleRefunded {
                replayed pointsTakenBack pointsGivenBack refundDue { amountMinor currency } debt
                sale { ...SaleParts } card { ...MemberParts }
            }
            ... on InvalidInput { problems { field message } }
            ... on LineAlreadyRefunded { lineIds }
            ... on UserError { message }
        }
    }
"""
    + SALE
    + MEMBER
)

VOUCHER = """
    fragment VoucherParts on Voucher {
        id state usableUntil usedAt storeName reward { id name description kind costPoints costStamps }
    }
"""

CLAIM_REWARD = (
    """
    mutation ($input: ClaimRewardInput!) {
        claimReward(input: $input) {
            __typename
            ... on RewardClaimed { voucher { ...VoucherParts } card { ...CardParts } }
            ... on InsufficientPoints { needed available }
            ... on RewardUnavailable { reasons }
            ... on UserError { message }
        }
    }
"""
    + VOUCHER
    + CARD
)

CANCEL_VOUCHER = (
    """
    mutation ($input: CancelVoucherInput!) {
        cancelVoucher(input: $input) {
            __typename
            ... on VoucherCancelled { voucher { ...VoucherParts } card { ...CardParts } }
            ... on VoucherNotUsable { voucher { id state } }
            ... on UserError { message }
        }
    }
"""
    + VOUCHER
    + CARD
)
