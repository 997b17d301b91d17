"""The GraphQL documents of the walk-through: what an app and a till really send."""

PROGRAM = "query Program($slug: String!) { program(slug: $slug) { name merchantName terms } }"

HOME = """
query Home {
  viewer {
    email
    cards { number balance { active pending reserved } history(first: 20) { edges { node { kind points } } } }
  }
}
"""

HISTORY = """
query History($id: ID!) {
  node(id: $id) {
    ... on Card {
      balance { active pending reserved lifetimeEarned }
      history(first: 8) { edges { node { kind points balanceAfter occurredAt reasons } } pageInfo { hasNextPage } }
    }
  }
}
"""

GIFT = "query Gift($token: String!) { gift(token: $token) { senderName points message claimableUntil } }"

REQUEST_CODE = """
mutation RequestSignInCode($input: RequestSignInCodeInput!) {
  requestSignInCode(input: $input) {
    __typename
    ... on SignInCodeRequested { attemptId expiresAt }
    ... on UserError { message }
  }
}
"""

SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignedIn { customer { id email } tokens { accessToken accessTokenExpiresAt refreshToken } }
    ... on UserError { message }
  }
}
"""

JOIN = """
mutation JoinProgram($input: JoinProgramInput!) {
  joinProgram(input: $input) {
    __typename
    ... on ProgramJoined { alreadyMember card { id number } }
    ... on UserError { message }
  }
}
"""

CHECK_IN = """
mutation CreateCheckInCode($input: CreateCheckInCodeInput!) {
  createCheckInCode(input: $input) {
    __typename
    ... on CheckInCode { token qrSvg shortCode expiresAt refreshAt }
    ... on UserError { message }
  }
}
"""

SEND_GIFT = """
mutation SendGift($input: SendGiftInput!) {
  sendGift(input: $input) {
    __typename
    ... on GiftSent { gift { id status } card { balance { active reserved } } }
    ... on UserError { message }
  }
}
"""

SENT_GIFT = "query SentGift($id: ID!) { node(id: $id) { ... on Gift { status deliveryProblem } } }"

RESEND_GIFT = """
mutation ResendGift($input: ResendGiftInput!) {
  resendGift(input: $input) {
    __typename
    ... on GiftResent { gift { status recipientEmail } }
    ... on UserError { message }
  }
}
"""

CANCEL_GIFT = """
mutation CancelGift($input: CancelGiftInput!) {
  cancelGift(input: $input) {
    __typename
    ... on GiftCancelled { gift { status } card { balance { active reserved } } }
    ... on UserError { message }
  }
}
"""

CLAIM = """
mutation ClaimGift($input: ClaimGiftInput!) {
  claimGift(input: $input) {
    __typename
    ... on GiftClaimed { points senderName card { number } }
    ... on UserError { message }
  }
}
"""

ACTIVATE = """
mutation ActivateTerminal($input: ActivateTerminalInput!) {
  activateTerminal(input: $input) {
    __typename
    ... on TerminalActivated { terminal { name storeName merchantName } tokens { accessToken } }
    ... on UserError { message }
  }
}
"""

SCAN = """
mutation Scan($input: ScanInput!) {
  scan(input: $input) {
    __typename
    ... on Visit { id expiresAt card { displayName numberLast4 active pending pointNamePlural } }
    ... on UserError { message }
  }
}
"""

QUOTE = """
mutation Quote($input: SaleInput!) {
  quote(input: $input) {
    __typename
    ... on Quote { id earns balanceAfter lines { lineId points status reason } }
    ... on UserError { message }
  }
}
"""

CHECKOUT = """
mutation Checkout($input: CheckoutInput!) {
  checkout(input: $input) {
    __typename
    ... on SaleRecorded {
      replayed
      card { active pending revision }
      sale { id receiptNumber points receiptText lines { lineId points status reason } }
    }
    ... on UserError { message }
  }
}
"""

REFUND = """
mutation Refund($input: RefundInput!) {
  refund(input: $input) {
    __typename
    ... on SaleRefunded { pointsTakenBack card { active pending } sale { refundedPoints } }
    ... on UserError { message }
  }
}
"""
