"""The GraphQL documents of the rest of the walk-through: rewards, tiers and stamps, the counter, and the proof."""

MEMBER = """
query Member($id: ID!) {
  node(id: $id) {
    ... on Card {
      balance { active pending reserved }
      stamps { collected needed reward { name } }
      tier { name perks nextName toNext keepUntil }
      rewards { reward { id name costPoints } available reasons }
      vouchers(states: [USABLE, USED, CANCELLED]) { id state usableUntil reward { id name } }
    }
  }
}
"""

CLAIM_REWARD = """
mutation ClaimReward($input: ClaimRewardInput!) {
  claimReward(input: $input) {
    __typename
    ... on RewardClaimed { voucher { id usableUntil } card { balance { active reserved } } }
    ... on UserError { message }
  }
}
"""

CANCEL_VOUCHER = """
mutation CancelVoucher($input: CancelVoucherInput!) {
  cancelVoucher(input: $input) {
    __typename
    ... on VoucherCancelled { card { balance { active reserved } } }
    ... on UserError { message }
  }
}
"""

SCAN_MEMBER = """
mutation Scan($input: ScanInput!) {
  scan(input: $input) {
    __typename
    ... on Visit {
      id
      card { displayName active vouchers { id reward { name } } rewards { available reward { id name } } }
    }
    ... on UserError { message }
  }
}
"""

FULL_QUOTE = """
mutation Quote($input: SaleInput!) {
  quote(input: $input) {
    __typename
    ... on Quote { ...Said }
    ... on UserError { message }
  }
}
fragment Said on Quote {
  id earns stamps tierAfter balanceAfter receiptText
  total { amountMinor } due { amountMinor }
  discounts { lineId amount { amountMinor } reward { name } }
  lines { lineId points status reason }
}
"""

FULL_CHECKOUT = """
mutation Checkout($input: CheckoutInput!) {
  checkout(input: $input) {
    __typename
    ... on SaleRecorded {
      replayed
      card { active pending stamps { collected needed } tier { name } }
      sale {
        id receiptNumber points stamps inReview receiptText due { amountMinor }
        lines { lineId points status reason }
      }
    }
    ... on QuoteChanged { quote { id earns balanceAfter } }
    ... on UserError { message }
  }
}
"""

FULL_REFUND = """
mutation Refund($input: RefundInput!) {
  refund(input: $input) {
    __typename
    ... on SaleRefunded {
      pointsTakenBack pointsGivenBack debt refundDue { amountMinor } card { active pending stamps { collected } }
    }
    ... on UserError { message }
  }
}
"""

ENROL_BY_PHONE = """
mutation EnrolByPhone($input: EnrolByPhoneInput!) {
  enrolByPhone(input: $input) {
    __typename
    ... on CustomerEnrolled { alreadyMember visit { id card { displayName numberLast4 active } } }
    ... on UserError { message }
  }
}
"""

LOOK_UP = """
mutation LookUp($input: LookUpInput!) {
  lookUp(input: $input) {
    __typename
    ... on Visit { id card { displayName numberLast4 active pending } }
    ... on UserError { message }
  }
}
"""

OPERATIONS = """
query Operations($visit: ID!) {
  operations(visitId: $visit) { canBeUndone reason sale { id receiptNumber points inReview total { amountMinor } } }
}
"""

LOTS = """
query Lots($id: ID!, $later: DateTime!) {
  node(id: $id) {
    ... on Card {
      balance { active pending reserved }
      later: balance(at: $later) { active pending reserved }
      lots { remaining points expiresAt spendOrder source { reasons } }
    }
  }
}
"""

STATEMENT = """
query Statement($id: ID!, $from: DateTime!, $to: DateTime!) {
  node(id: $id) { ... on Card { statement(from: $from, to: $to) { jws text } } }
}
"""
