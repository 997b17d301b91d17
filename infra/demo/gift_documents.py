"""The GraphQL documents of the walk-through's gifts of money and of rewards, and of gift cards at the till."""

DESIGNS = """
query Designs($slug: String!) {
  program(slug: $slug) {
    giftDesigns { id altText }
    giftLimits { min { amountMinor } max { amountMinor } perDay }
  }
}
"""

DRAFT = """
query Draft($input: GiftDraftInput!) {
  giftDraft(input: $input) {
    __typename
    ... on GiftDraft { pageUrl mailUrl }
    ... on UserError { message }
  }
}
"""

SEND = """
mutation Send($input: SendGiftInput!) {
  sendGift(input: $input) {
    __typename
    ... on GiftSent { gift { id status } card { balance { active reserved } } }
    ... on GiftAwaitsPayment { gift { id status } payment { provider url paid } }
    ... on UserError { message }
  }
}
"""

LIFE = """
query Life($id: ID!) {
  node(id: $id) {
    ... on Gift {
      status
      thanks
      value { amountMinor }
      spent { amountMinor }
      payment { paid refunded }
      events { status at }
    }
  }
}
"""

VIEW = """
mutation View($token: String!) {
  markGiftViewed(token: $token) {
    __typename
    ... on GiftViewed { preview { senderName kind value { amountMinor } reward { name } design { altText } } }
    ... on UserError { message }
  }
}
"""

CLAIM = """
mutation Claim($input: ClaimGiftInput!) {
  claimGift(input: $input) {
    __typename
    ... on GiftClaimed {
      senderName
      card { id number }
      giftCard { id last4 balance { amountMinor } }
      voucher { id reward { name } }
    }
    ... on UserError { message }
  }
}
"""

THANK = """
mutation Thank($input: ThankForGiftInput!) {
  thankForGift(input: $input) {
    __typename
    ... on GiftThanked { gift { thanks } }
    ... on UserError { message }
  }
}
"""

DECLINE = """
mutation Decline($input: DeclineGiftInput!) {
  declineGift(input: $input) {
    __typename
    ... on GiftDeclined { senderName }
    ... on UserError { message }
  }
}
"""

RECEIVED = """
query Received {
  viewer {
    receivedGifts(first: 1) { edges { node { id } } }
    giftCards {
      id last4 state balance { amountMinor }
      activities(first: 5) { edges { node { kind amount { amountMinor } balanceAfter { amountMinor } } } }
    }
  }
}
"""

SCAN_WITH_GIFT_CARDS = """
mutation Scan($input: ScanInput!) {
  scan(input: $input) {
    __typename
    ... on Visit { id card { giftCards { id last4 balance { amountMinor } } } }
    ... on UserError { message }
  }
}
"""

TENDERED_QUOTE = """
mutation Quote($input: SaleInput!) {
  quote(input: $input) {
    __typename
    ... on Quote { id due { amountMinor } tenders { last4 paid { amountMinor } balanceAfter { amountMinor } } }
    ... on UserError { message }
  }
}
"""

TENDERED_CHECKOUT = """
mutation Checkout($input: CheckoutInput!) {
  checkout(input: $input) {
    __typename
    ... on SaleRecorded {
      sale { id receiptText due { amountMinor } tenders { last4 paid { amountMinor } balanceAfter { amountMinor } } }
      giftCardsSold { lineId number pin balance { amountMinor } }
    }
    ... on UserError { message }
  }
}
"""

TENDERED_REFUND = """
mutation Refund($input: RefundInput!) {
  refund(input: $input) {
    __typename
    ... on SaleRefunded {
      refundDue { amountMinor }
      returnedTenders { last4 paid { amountMinor } balanceAfter { amountMinor } }
    }
    ... on UserError { message }
  }
}
"""
