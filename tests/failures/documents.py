"""What the apps and tills of these stories ask for, and nothing more."""

CARD = """
query Card($id: ID!) {
  node(id: $id) {
    ... on Card {
      revision
      balance { active pending reserved lifetimeEarned }
      history(first: 50) { edges { node { kind points balanceAfter reasons } } }
      expiring { points expiresAt }
      stamps { collected needed }
      rewards { available reasons reward { id } }
      vouchers(states: [USABLE, USED, CANCELLED, LAPSED]) { id state usableUntil usedAt storeName }
      lots { points remaining expiresAt }
    }
  }
}
"""

GIFTS = """
query Gifts {
  viewer {
    sentGifts { edges { node { id status points recipientEmail sentAt claimedAt claimableUntil } } }
  }
}
"""

SALE = """
  __typename
  ... on SaleRecorded {
    replayed
    card { active pending revision vouchers { id } stamps { collected } }
    sale {
      id points refundedPoints receiptText stamps
      total { amountMinor } due { amountMinor } discounts { lineId amount { amountMinor } }
      lines { lineId points status reason }
    }
  }
  ... on QuoteChanged { quote { id } }
  ... on RewardUnavailable { reasons }
  ... on InsufficientPoints { needed available }
  ... on UserError { message }
"""

CHECKOUT = f"mutation Checkout($input: CheckoutInput!) {{ checkout(input: $input) {{ {SALE} }} }}"

SETTLE = f"""
mutation Settle($input: SettleOfflineInput!) {{
  settleOffline(input: $input) {{ __typename ... on OfflineSettled {{ results {{ {SALE} }} }} }}
}}
"""

QUOTE = """
mutation Quote($input: SaleInput!) {
  quote(input: $input) {
    __typename
    ... on Quote { id earns balanceAfter due { amountMinor } lines { lineId points status reason } }
    ... on RewardUnavailable { reasons }
    ... on UserError { message }
  }
}
"""

REFUND = """
mutation Refund($input: RefundInput!) {
  refund(input: $input) {
    __typename
    ... on SaleRefunded {
      replayed pointsTakenBack pointsGivenBack debt refundDue { amountMinor }
      card { active pending revision stamps { collected } }
    }
    ... on UserError { message }
  }
}
"""

SCAN = """
mutation Scan($input: ScanInput!) {
  scan(input: $input) {
    __typename
    ... on Visit { id card { active pending revision vouchers { id } } }
    ... on UserError { message }
  }
}
"""
