// What the pages of the customer's own facts share.

import * as documents from "../documents.js";
import { amend } from "../lib/query.js";

/** What is known of the customer is changed, without waiting for the next answer. */
export function amendCustomer(change) {
  amend(documents.profile, {}, (data) => ({ ...data, viewer: { ...data.viewer, ...change } }));
}
