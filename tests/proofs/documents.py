"""The GraphQL documents of the proofs: each with all that its answer says, so that two answers can be equal."""

from infra.demo import documents as demo

REQUEST_CODE = demo.REQUEST_CODE
SIGN_IN = demo.SIGN_IN
CHECK_IN = demo.CHECK_IN
CANCEL_GIFT = demo.CANCEL_GIFT

REFRESH = """
mutation Refresh($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    __typename
    ... on SessionRefreshed { tokens { accessToken refreshToken } }
    ... on UserError { message }
  }
}
"""

REFRESH_TILL = REFRESH.replace("RefreshSessionInput", "RefreshTerminalSessionInput").replace(
    "refreshSession(", "refreshTerminalSession("
)

ACTIVATE = """
mutation Activate($input: ActivateTerminalInput!) {
  activateTerminal(input: $input) {
    __typename
    ... on TerminalActivated { terminal { id name storeName } tokens { accessToken refreshToken } }
    ... on UserError { message }
  }
}
"""

JOIN = """
mutation Join($input: JoinProgramInput!) {
  joinProgram(input: $input) {
    __typename
    ... on ProgramJoined { alreadyMember card { id number revision program { slug } } }
    ... on UserError { message }
  }
}
"""

SEND_GIFT = """
mutation Send($input: SendGiftInput!) {
  sendGift(input: $input) {
    __typename
    ... on GiftSent {
      gift { id status points recipientName recipientEmail message claimableUntil reward { id } design { id } }
      card { id revision balance { active pending reserved } }
    }
    ... on GiftAwaitsPayment {
      gift { id status value { amountMinor } design { id } }
      payment { provider url clientSecret paid refunded }
    }
    ... on InsufficientPoints { message needed available }
    ... on UserError { message }
  }
}
"""

DRAFT = """
query Draft($input: GiftDraftInput!) {
  giftDraft(input: $input) {
    __typename
    ... on GiftDraft { mailUrl pageUrl expiresAt }
    ... on UserError { message }
  }
}
"""

RESEND_GIFT = """
mutation Resend($input: ResendGiftInput!) {
  resendGift(input: $input) {
    __typename
    ... on GiftResent { gift { id status recipientEmail claimableUntil } }
    ... on UserError { message }
  }
}
"""

CLAIM = """
mutation Claim($input: ClaimGiftInput!) {
  claimGift(input: $input) {
    __typename
    ... on GiftClaimed {
      points senderName card { id revision balance { active } }
      giftCard { id state balance { amountMinor } } voucher { id state }
    }
    ... on UserError { message }
  }
}
"""

RESCHEDULE_GIFT = """
mutation Reschedule($input: RescheduleGiftInput!) {
  rescheduleGift(input: $input) {
    __typename
    ... on GiftRescheduled { gift { id status claimableUntil } }
    ... on UserError { message }
  }
}
"""

DECLINE = """
mutation Decline($input: DeclineGiftInput!) {
  declineGift(input: $input) { __typename ... on GiftDeclined { senderName } ... on UserError { message } }
}
"""

THANK = """
mutation Thank($input: ThankForGiftInput!) {
  thankForGift(input: $input) { __typename ... on GiftThanked { gift { id thanks } } ... on UserError { message } }
}
"""

MARK_VIEWED = """
mutation Viewed($token: String!) {
  markGiftViewed(token: $token) {
    __typename
    ... on GiftViewed { preview { senderName kind value { amountMinor } } }
    ... on UserError { message }
  }
}
"""

SCAN = """
mutation Scan($input: ScanInput!) {
  scan(input: $input) {
    __typename
    ... on Visit { id expiresAt card { id displayName numberLast4 active pending revision } }
    ... on UserError { message }
  }
}
"""

SALE = """
  __typename
  ... on SaleRecorded {
    replayed
    card { id active pending revision }
    sale {
      id receiptNumber points refundedPoints receiptText lines { lineId points status reason }
      tenders { last4 paid { amountMinor } balanceAfter { amountMinor } }
    }
    giftCardsSold { lineId number pin balance { amountMinor } }
  }
  ... on UserError { message }
"""

CHECKOUT = f"mutation Checkout($input: CheckoutInput!) {{ checkout(input: $input) {{ {SALE} }} }}"

SETTLE = f"""
mutation Settle($input: SettleOfflineInput!) {{
  settleOffline(input: $input) {{
    __typename
    ... on OfflineSettled {{ results {{ {SALE} }} }}
    ... on UserError {{ message }}
  }}
}}
"""

REFUND = """
mutation Refund($input: RefundInput!) {
  refund(input: $input) {
    __typename
    ... on SaleRefunded {
      replayed
      pointsTakenBack
      returnedTenders { last4 paid { amountMinor } balanceAfter { amountMinor } }
      card { id active pending revision }
      sale { id refundedPoints lines { lineId status } }
    }
    ... on LineAlreadyRefunded { message lineIds }
    ... on UserError { message }
  }
}
"""

ENROL = """
mutation Enrol($input: EnrolInput!) {
  enrol(input: $input) {
    __typename
    ... on CustomerEnrolled { alreadyMember visit { id expiresAt card { id displayName } } }
    ... on UserError { message }
  }
}
"""

ENROL_BY_PHONE = """
mutation EnrolByPhone($input: EnrolByPhoneInput!) {
  enrolByPhone(input: $input) {
    __typename
    ... on CustomerEnrolled { alreadyMember visit { id expiresAt card { id displayName } } }
    ... on UserError { message }
  }
}
"""

LOOK_UP = """
mutation LookUp($input: LookUpInput!) {
  lookUp(input: $input) {
    __typename
    ... on Visit { id expiresAt card { id displayName } }
    ... on UserError { message }
  }
}
"""

OPERATIONS = """
query Operations($visitId: ID!) {
  operations(visitId: $visitId) {
    occurredAt canBeUndone reason sale { id receiptNumber points receiptText lines { lineId status } }
  }
}
"""

TODAY = """
query Today($first: Int! = 20, $after: String) {
  today(first: $first, after: $after) {
    sales {
      edges {
        cursor
        node {
          customerName occurredAt refunded whollyRefunded canBeUndone reason
          sale {
            id receiptNumber total { amountMinor currency } due { amountMinor } refunded { amountMinor }
            refundedDue { amountMinor } points refundedPoints stamps refundedStamps receiptText
            lines { lineId points status reason } discounts { amount { amountMinor } } tenders { last4 }
          }
        }
      }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
    salesCount taken { amountMinor currency } points stamps
  }
}
"""

LINE = "id kind points balanceAfter occurredAt storeName receiptNumber reasons"

HOME = f"""
query Home {{
  viewer {{
    id email name
    cards {{
      id number revision
      program {{ name pointNamePlural }}
      balance {{ active pending reserved lifetimeEarned }}
      history(first: 20) {{ edges {{ node {{ {LINE} }} }} pageInfo {{ hasNextPage endCursor }} }}
    }}
  }}
}}
"""

PAGE = f"""
query Page($id: ID!, $first: Int!, $after: String) {{
  node(id: $id) {{
    ... on Card {{
      history(first: $first, after: $after) {{
        edges {{ node {{ {LINE} }} cursor }}
        pageInfo {{ hasNextPage endCursor }}
      }}
    }}
  }}
}}
"""

REST = f"""
query Rest($id: ID!) {{
  viewer {{
    sentGifts(first: 20) {{ edges {{ node {{ id status card {{ id }} }} cursor }} pageInfo {{ endCursor }} }}
    sessions {{ id deviceName current }}
  }}
  node(id: $id) {{
    ... on Card {{
      expiring {{ points expiresAt }}
      history(first: 20, kinds: [EARNED, REFUNDED, GIFT_SENT]) {{
        edges {{ node {{ {LINE} reverses {{ id }} reversedBy {{ id }} }} }}
      }}
    }}
  }}
}}
"""

TAKE_AWAY = """
query TakeAway($id: ID!, $then: DateTime!, $from: DateTime!, $to: DateTime!) {
  node(id: $id) {
    ... on Card {
      balance { active pending reserved }
      then: balance(at: $then) { active pending reserved lifetimeEarned }
      lots { points remaining availableAt expiresAt spendOrder source { id kind } }
      statement(from: $from, to: $to) { jws text }
    }
  }
}
"""

PREVIEW = """
query Preview($token: String!) {
  gift(token: $token) { senderName recipientName message points claimableUntil program { name } }
}
"""

CONFIRM = """
mutation Confirm($input: ConfirmEmailInput!) {
  confirmEmail(input: $input) { __typename ... on UserError { message } }
}
"""

QUOTE = """
mutation Quote($input: SaleInput!) {
  quote(input: $input) {
    __typename
    ... on Quote { id earns balanceAfter tenders { last4 paid { amountMinor } } }
    ... on UserError { message }
  }
}
"""

SALE_OF = """
query Sale($id: ID, $receipt: String) {
  sale(id: $id, receiptNumber: $receipt) { __typename id receiptNumber points refundedPoints lines { lineId status } }
}
"""

NODE = "query Node($id: ID!) { node(id: $id) { __typename id } }"
PROGRAM = """
query Program($slug: String!) { program(slug: $slug) { __typename id slug name terms color onColor logoUrl } }
"""
TERMINAL = """
query Terminal {
  terminal {
    __typename id name storeName locale country operatorsNeeded serverTime programName programSlug programNumbers
    pointName pointNamePlural color onColor logoUrl
  }
}
"""
SIGN_OUT = "mutation SignOut($id: ID) { signOut(sessionId: $id) { __typename ... on UserError { message } } }"

UPDATE = """
mutation Update($input: UpdateProfileInput!) {
  updateProfile(input: $input) { __typename ... on ProfileUpdated { customer { id name email locale } } }
}
"""

SET_BIRTHDAY = """
mutation SetBirthday($input: SetBirthdayInput!) {
  setBirthday(input: $input) { __typename ... on BirthdaySet { customer { id birthday { month day } } } }
}
"""

VOUCHER = "voucher { id state usableUntil usedAt storeName reward { id name costPoints } }"

CLAIM_REWARD = f"""
mutation ClaimReward($input: ClaimRewardInput!) {{
  claimReward(input: $input) {{
    __typename
    ... on RewardClaimed {{ {VOUCHER} card {{ id revision balance {{ active pending reserved }} }} }}
    ... on RewardUnavailable {{ message reasons }}
    ... on UserError {{ message }}
  }}
}}
"""

CANCEL_VOUCHER = f"""
mutation CancelVoucher($input: CancelVoucherInput!) {{
  cancelVoucher(input: $input) {{
    __typename
    ... on VoucherCancelled {{ {VOUCHER} card {{ id revision balance {{ active pending reserved }} }} }}
    ... on UserError {{ message }}
  }}
}}
"""

STORED = """
query Stored {
  viewer {
    giftCards {
      id last4 state balance { amountMinor } expiresAt
      activities(first: 2) { edges { node { id kind amount { amountMinor } storeName } cursor } }
    }
  }
}
"""

SENT = """
query Sent {
  viewer {
    sentGifts(first: 20) {
      edges { node { id status kind value { amountMinor } reward { name } design { imageUrl } payment { paid refunded }
                     spent { amountMinor } thanks events { status at } } }
    }
  }
}
"""

RECEIVED = SENT.replace("sentGifts", "receivedGifts").replace("Sent", "Received")

GIVEN_AND_STORED = """
query GivenAndStored {
  viewer {
    id
    sentGifts(first: 20) { edges { node { recipientName recipientEmail message payment { url clientSecret } } } }
    receivedGifts(first: 20) { edges { node { recipientName recipientEmail message thanks } } }
    giftCards { id last4 balance { amountMinor } activities(first: 9) { edges { node { storeName } } } }
  }
}
"""

STORED_AT_THE_TILL = """
query StoredAtTheTill($id: ID!) {
  node(id: $id) { ... on MemberCard { giftCards { id state balance { amountMinor } } } }
}
"""

TRANSFER = """
mutation Transfer($input: TransferGiftCardBalanceInput!) {
  transferGiftCardBalance(input: $input) {
    __typename
    ... on GiftCardBalanceTransferred {
      from { id state balance { amountMinor } }
      to { id state balance { amountMinor } }
    }
    ... on UserError { message }
  }
}
"""

WALLET = """
query Wallet {
  viewer {
    cards {
      id
      rewards { available reasons reward { id name kind costPoints costStamps } }
      vouchers { id state usableUntil reward { id } }
    }
  }
}
"""
